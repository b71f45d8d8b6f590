namespace Presence.Tests.Fuzzing.Targets;

/// <summary>What tokens are checked with: the same in every run, so that an input keeps its signature. Nobody has the private keys any more.</summary>
internal static class FuzzKeys
{
    /// <summary>The secret of tokens that are signed with one.</summary>
    public const string Secret = "a secret of the fuzz tests, which signs nothing else";

    /// <summary>The key of ES256.</summary>
    public const string Elliptic =
        """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE17vk3cUK74YhXMBSOa3qOQq/EP7x
        eIfN77zrRk2HrbE0jymMg5kEPIhX8bYyqpETY6+0j2NvSnsI8vAg2OzNTg==
        -----END PUBLIC KEY-----
        """;

    /// <summary>The key of RS256.</summary>
    public const string Rsa =
        """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu4asFTeJ1CD8Atc9Plld
        8VIz9WLlmmKrrm2YQRK70L6jIXcMPGN2lBEtZbqelDk5Y0IZvcqypJUXe8FMVjDS
        P5lTkwjQiPf0BvkVIMH0VFtlC2t59wFpq5UUmXuoypLg3NdRHAzq9I565NdAZCuA
        W+bt0iJpa5dJ3mUEyXPjpWSXkEurfjGudIW1fZcAOpII54tp6amXWM1bTOtCX1u5
        4WC1v1aZ+JN6StOOzdRLeqRJIaLs/hs4KTo2zC8cDymxlashwAOJbgbS/AD8NQ2r
        9vXuTeii9BCK8UpVxyYl1+79HIBIvMUMYGX0Bf7nNWH00vrAsNdxnbELpLqN7JOG
        UQIDAQAB
        -----END PUBLIC KEY-----
        """;

    /// <summary>The key of EdDSA.</summary>
    public const string Edwards =
        """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAGtvzI5KiIQAl74CjEyUQaDp423J30tF+l+KaqePfvJo=
        -----END PUBLIC KEY-----
        """;

    /// <summary>The time at which tokens are checked.</summary>
    public static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
}

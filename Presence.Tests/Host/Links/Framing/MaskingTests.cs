using CsCheck;
using Presence.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links.Framing;

[Trait("Clause", "L3")]
public sealed class MaskingTests
{
    [Fact]
    public void Every_byte_meets_its_byte_of_the_key() =>
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Byte.Array[4], Gen.Int[0, 40]).Sample((payload, key, offset) =>
        {
            // Payloads begin anywhere in their array, so nothing may depend on alignment.
            offset = Math.Min(offset, payload.Length);
            var expected = payload.Select((b, i) => i < offset ? b : (byte)(b ^ key[(i - offset) % 4])).ToArray();
            Masking.Apply(payload.AsSpan(offset), key);
            Assert.Equal(expected, payload);
        });
}

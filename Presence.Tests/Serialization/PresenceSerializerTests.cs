using System.Runtime.Serialization;
using System.Text.Json;
using Akka.Actor;
using Akka.Hosting;
using Akka.TestKit.Xunit2;
using CsCheck;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Messages;
using Presence.Actors.Serialization;
using Xunit;

namespace Presence.Tests.Serialization;

/// <summary>
/// Every message between nodes has a place in the schema, comes out as it went in, and keeps its form from one release to the
/// next. The messages are found by reflection, so a new one without serializer, generator or pinned bytes fails here.
/// </summary>
[Trait("Clause", "K6")]
public sealed class PresenceSerializerTests() : TestKit(SystemWithTheSerializer())
{
    public static TheoryData<Type> MessageTypes => [.. SampleMessages.Types];

    [Fact]
    public void Every_message_is_found() =>
        Assert.Superset(
            new HashSet<Type> { typeof(NodeReport), typeof(ReportAccepted), typeof(PresenceChanged), typeof(AskReport) },
            SampleMessages.Types.ToHashSet());

    [Theory]
    [MemberData(nameof(MessageTypes))]
    public void The_serializer_of_a_message_is_ours(Type type) =>
        Assert.IsType<PresenceSerializer>(Sys.Serialization.FindSerializerForType(type));

    [Theory]
    [MemberData(nameof(MessageTypes))]
    public void A_message_comes_out_as_it_went_in(Type type) =>
        SampleMessages.Any[type].Sample(message => Assert.Equal(Structure(message), Structure(RoundTrip(message, Same))), iter: 200);

    [Theory]
    [MemberData(nameof(MessageTypes))]
    public void What_a_later_release_adds_anywhere_in_a_message_is_skipped(Type type) =>
        SampleMessages.Any[type].Sample(
            message => Assert.Equal(Structure(message), Structure(RoundTrip(message, bytes => WithFieldsOfTheFuture(type, bytes)))),
            iter: 50);

    [Theory]
    [MemberData(nameof(MessageTypes))]
    public void The_bytes_of_a_message_stay_what_they_were(Type type)
    {
        var (message, hex) = SampleMessages.Pinned[type];
        Assert.Equal(hex, Convert.ToHexStringLower(Serializer.ToBinary(message)));
        Assert.Equal(Structure(message), Structure(Serializer.FromBinary(Convert.FromHexString(hex), Serializer.Manifest(message))));
    }

    [Fact]
    public void Every_message_has_a_short_manifest_of_its_own()
    {
        var manifests = SampleMessages.Pinned.Values.Select(p => Serializer.Manifest(p.Message)).ToList();
        Assert.Equal(manifests.Count, manifests.Distinct(StringComparer.Ordinal).Count());
        Assert.All(manifests, m => Assert.InRange(m.Length, 1, 3));
    }

    [Fact]
    public void The_identifier_is_none_of_those_that_Akka_keeps()
    {
        Assert.Equal(7350, Serializer.Identifier);
        Assert.InRange(Serializer.Identifier, 101, int.MaxValue);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nr")]
    [InlineData("NR2")]
    public void An_unknown_manifest_is_refused(string manifest) =>
        Assert.Throws<SerializationException>(() => Serializer.FromBinary([], manifest));

    [Theory]
    [MemberData(nameof(MessageTypes))]
    public void A_message_without_its_parts_is_refused(Type type) =>
        Assert.Throws<SerializationException>(
            () => Serializer.FromBinary([], Serializer.Manifest(SampleMessages.Pinned[type].Message)));

    [Theory]
    [MemberData(nameof(MessageTypes))]
    public void A_message_that_was_cut_off_is_refused(Type type)
    {
        var message = SampleMessages.Pinned[type].Message;
        Assert.Throws<SerializationException>(
            () => Serializer.FromBinary(Serializer.ToBinary(message)[..^1], Serializer.Manifest(message)));
    }

    [Fact]
    public void A_kind_of_subject_that_is_not_known_is_refused()
    {
        // Subject (field 1) with nothing in it but a field 3.
        byte[] bytes = [0x0a, 0x02, 0x18, 0x01];
        Assert.Throws<SerializationException>(() => Serializer.FromBinary(bytes, PresenceSerializer.BookQueryManifest));
    }

    [Fact]
    public void What_is_no_message_between_nodes_is_not_written()
    {
        Assert.Throws<SerializationException>(() => Serializer.Manifest("text"));
        Assert.Throws<SerializationException>(() => Serializer.ToBinary("text"));
    }

    private PresenceSerializer Serializer => (PresenceSerializer)Sys.Serialization.FindSerializerForType(typeof(NodeReport));

    private static ActorSystem SystemWithTheSerializer() =>
        new ServiceCollection()
            .AddAkka("serialization", akka => akka.AddPresenceSerializer())
            .BuildServiceProvider()
            .GetRequiredService<ActorSystem>();

    // Records that hold arrays do not compare by what is in them; their JSON does, and reads well in a failure.
    private static string Structure(object message) => $"{message.GetType().Name} {JsonSerializer.Serialize(message, message.GetType())}";

    private static byte[] Same(byte[] bytes) => bytes;

    private object RoundTrip(IClusterMessage message, Func<byte[], byte[]> onTheWay) =>
        Serializer.FromBinary(onTheWay(Serializer.ToBinary(message)), Serializer.Manifest(message));

    private static byte[] WithFieldsOfTheFuture(Type type, byte[] bytes)
    {
        var descriptor = Actors.Serialization.V1.PresenceReflection.Descriptor.MessageTypes.Single(m => m.Name == type.Name);
        var message = descriptor.Parser.ParseFrom(bytes);
        Add(message);
        var future = message.ToByteArray();
        Assert.True(future.Length > bytes.Length);
        return future;

        static void Add(IMessage message)
        {
            foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
            {
                switch (field.Accessor.GetValue(message))
                {
                    case IMessage part:
                        Add(part);
                        break;
                    case IEnumerable<IMessage> parts:
                        foreach (var part in parts)
                            Add(part);
                        break;
                }
            }

            // A field with the number 1000 that holds the number 1.
            message.MergeFrom((byte[])[0xc0, 0x3e, 0x01]);
        }
    }
}

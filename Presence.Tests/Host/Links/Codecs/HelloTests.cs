using System.Buffers;
using System.Text;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;
using Xunit;

namespace Presence.Tests.Host.Links.Codecs;

[Trait("Clause", "C1")]
public sealed class HelloTests
{
    private static (Hello? Hello, ClientRequest.Malformed? Fault) Read(string line)
    {
        Hello.TryRead(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(line)), out var hello, out var fault);
        return (hello, fault);
    }

    [Theory]
    [InlineData("""{"hello":{"token":"t"}}""", false, "Json")]
    [InlineData("""{"hello":{"token":"t","status":true,"format":"json"}}""", true, "Json")]
    [InlineData("""{"hello":{"format":"protobuf","status":false,"token":"t"}}""", false, "Protobuf")]
    [InlineData("""{"hello":{"token":"t","status":null,"format":null,"lang":"en"},"x":[]}""", false, "Json")]
    [InlineData("""{"hello":{"token":"t","format":""}}""", false, "Json")]
    [InlineData("\ufeff{\"hello\":{\"token\":\"t\"}}", false, "Json")]
    [InlineData("""{"hello":{"token":"t","x":"\ud83d","y":1,"y":2}}""", false, "Json")]
    public void A_hello_says_what_a_URL_would(string line, bool showsStatus, string format)
    {
        var (hello, fault) = Read(line);
        Assert.Null(fault);
        Assert.Equal(new Hello("t", showsStatus, Enum.Parse<WireFormat>(format)), hello);
    }

    [Theory]
    [InlineData("""{"hello":{"token":"t","ping":true}}""", true)]
    [InlineData("""{"hello":{"ping":false,"token":"t"}}""", false)]
    [InlineData("""{"hello":{"token":"t","ping":null}}""", false)]
    [InlineData("""{"hello":{"token":"t"}}""", false)]
    [Trait("Clause", "C2")]
    public void A_client_says_in_its_hello_whether_it_answers_pings(string line, bool answersPings) =>
        Assert.Equal(new Hello("t", false, WireFormat.Json, answersPings), Read(line).Hello);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"hello":[]}""")]
    [InlineData("""{"hello":{"token":"\ud83d"}}""")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("""{"ping":{}}""")]
    [InlineData("""{"hello":null}""")]
    [InlineData("""{"hello":{}}""")]
    [InlineData("""{"hello":{"token":""}}""")]
    [InlineData("""{"hello":{"token":null}}""")]
    [InlineData("""{"hello":{"token":1}}""")]
    [InlineData("""{"hello":{"token":"t","status":"true"}}""")]
    [InlineData("""{"hello":{"token":"t","status":1}}""")]
    [InlineData("""{"hello":{"token":"t","ping":{}}}""")]
    [InlineData("""{"hello":{"token":"t","ping":"true"}}""")]
    [InlineData("""{"hello":{"token":"t","ping":true,"ping":true}}""")]
    [InlineData("""{"hello":{"token":"t","format":"xml"}}""")]
    [InlineData("""{"hello":{"token":"t","format":"JSON"}}""")]
    [InlineData("""{"hello":{"token":"t","token":"t"}}""")]
    [InlineData("""{"hello":{"token":"t"}}{}""")]
    [InlineData("""{"hello":["t"]}""")]
    [Trait("Clause", "L3")]
    public void Anything_else_is_refused(string line)
    {
        var (hello, fault) = Read(line);
        Assert.Null(hello);
        Assert.Equal((ErrorCode.BadInput, CloseReason.Malformed), (fault?.Code, fault?.Reason));
    }

    [Fact]
    public void The_answer_is_JSON_in_every_format()
    {
        const string Answer =
            """{"hello":{"session_id":"ba633b3f-e790-11f1-a9e3-40b3eab63f3f","user_id":"8f96bc43-7008-4d2a-8be1-1e73859b3033","username":"a\"😀"}}""";
        var welcome = new ServerMessage.Welcome(Samples.User, Samples.Session, "a\"😀");
        Assert.Equal(Answer, Wire.ToJson(welcome));
        Assert.Equal(Answer, Encoding.UTF8.GetString(ProtobufCodec.Instance.Encode(welcome)));
    }

    [Fact]
    [Trait("Clause", "A5")]
    public void A_hello_that_is_logged_keeps_its_token_to_itself() =>
        Assert.DoesNotContain("secret", new Hello("secret", true, WireFormat.Json).ToString(), StringComparison.Ordinal);
}

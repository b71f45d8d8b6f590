using System.Text;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Upgrade;
using Xunit;

namespace Presence.Tests.Host.Links.Listening;

/// <summary>When the first bytes of a connection are enough.</summary>
[Trait("Clause", "L3")]
public sealed class FirstBytesTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\n\n")]
    [InlineData("GET / HTTP/1.1\nHost: a\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n")]
    public void A_head_is_whole_at_its_empty_line(string head)
    {
        for (var length = 0; length < head.Length - 1; length++)
            Assert.Equal(FirstBytesVerdict.Incomplete, FirstBytes.OfHttp(Encoding.ASCII.GetBytes(head[..length])));
        Assert.Equal(FirstBytesVerdict.Complete, FirstBytes.OfHttp(Encoding.ASCII.GetBytes(head)));
        Assert.Equal(FirstBytesVerdict.Complete, FirstBytes.OfHttp(Encoding.ASCII.GetBytes(head + "body")));
    }

    [Fact]
    public void What_the_server_refuses_at_once_does_not_wait()
    {
        Assert.Equal(FirstBytesVerdict.Complete, FirstBytes.OfHttp("\u0016\u0003\u0001"u8));
        Assert.Equal(FirstBytesVerdict.Complete, FirstBytes.OfHttp("\r\n"u8));
        Assert.Equal(FirstBytesVerdict.Complete, FirstBytes.OfHttp(Encoding.ASCII.GetBytes("GET /" + new string('a', RequestHead.LineBytes))));
        var headers = $"GET / HTTP/1.1\r\nX: {new string('a', RequestHead.LineBytes + RequestHead.HeaderBytes)}";
        Assert.Equal(FirstBytesVerdict.Complete, FirstBytes.OfHttp(Encoding.ASCII.GetBytes(headers)));
    }

    [Fact]
    public void A_TLS_handshake_is_whole_with_its_first_record()
    {
        byte[] record = [22, 3, 1, 0x01, 0x02, .. new byte[0x102]];
        for (var length = 0; length < record.Length; length++)
            Assert.Equal(FirstBytesVerdict.Incomplete, FirstBytes.OfTls(record.AsSpan(0, length)));
        Assert.Equal(FirstBytesVerdict.Complete, FirstBytes.OfTls(record));
        Assert.Equal(FirstBytesVerdict.Complete, FirstBytes.OfTls([.. record, 1]));
        Assert.Equal(FirstBytesVerdict.Wrong, FirstBytes.OfTls("GET"u8));
        Assert.Equal(FirstBytesVerdict.Wrong, FirstBytes.OfTls([22, 3, 1, 0x40, 0x01]));
    }
}

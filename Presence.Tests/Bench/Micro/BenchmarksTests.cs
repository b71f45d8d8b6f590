using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Bench.Micro;
using Xunit;

namespace Presence.Tests.Bench.Micro;

/// <summary>That the benchmarks measure what they say, and not how fast it is refused.</summary>
public sealed class BenchmarksTests
{
    [Theory]
    [InlineData("json")]
    [InlineData("protobuf")]
    public void Codecs_read_and_write_whole_messages(string format)
    {
        var benchmarks = new CodecBenchmarks { Format = format };
        benchmarks.Prepare();

        Assert.NotNull(Assert.IsType<ClientRequest.UpdateStatus>(benchmarks.DecodeStatusUpdate()).Status);
        Assert.Equal(50, Assert.IsType<ClientRequest.Follow>(benchmarks.DecodeStatusFollow50()).UserIds.Length);
        Assert.NotEqual(0, benchmarks.EncodeStatusEvent());
    }

    [Fact]
    public void All_frames_are_read()
    {
        var benchmarks = new FramingBenchmarks { Payload = 80 };
        benchmarks.Prepare();
        Assert.Equal(16 * 80, benchmarks.ReadFrame());
        Assert.Equal(16 * 80, benchmarks.ReadFrame());
        benchmarks.Release();
    }

    [Fact]
    public void Every_step_of_the_model_has_its_effect()
    {
        var benchmarks = new ModelBenchmarks();
        benchmarks.Prepare();

        Assert.True(benchmarks.Put().IsOwed);
        Assert.Equal(1, benchmarks.Accept());
        Assert.Equal(1, benchmarks.Changed());
        Assert.Equal(1, benchmarks.Report());
        Assert.Equal(2, benchmarks.Merge().Pages.Length);
    }

    [Fact]
    public void Who_is_followed_is_told_of_and_who_is_not_is_not()
    {
        var benchmarks = new FollowListBenchmarks();
        benchmarks.Prepare();
        Assert.True(benchmarks.AdmitFollowed());
        Assert.True(benchmarks.AdmitFollowedAfterAnUnfollow());
        Assert.False(benchmarks.AdmitStranger());
    }

    [Fact]
    public async Task A_change_is_written_and_read()
    {
        var benchmarks = new SerializerBenchmarks();
        benchmarks.Prepare();
        Assert.NotEmpty(benchmarks.Write());
        Assert.Single(Assert.IsType<PresenceChanged>(benchmarks.Read()).Pages);
        await benchmarks.FinishAsync();
    }
}

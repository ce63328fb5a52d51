using System.IO.Pipelines;
using SplitInfer.Cli.Benchmarks;

namespace SplitInfer.Cli.Tests.Benchmarks;

public sealed class LinkFaultsTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30), Moment = TimeSpan.FromMilliseconds(50);

    private readonly LinkFaults _faults = new();
    private readonly Stream _far, _near;
    private readonly byte[] _buffer = new byte[8];

    public LinkFaultsTests()
    {
        var pipe = new Pipe();
        (_far, _near) = (pipe.Writer.AsStream(), _faults.Wrap(pipe.Reader.AsStream()));
    }

    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    [Fact]
    public async Task What_is_sent_in_a_silence_arrives_after_it()
    {
        _faults.Silence();
        await _far.WriteAsync(new byte[] { 7 });
        var read = _near.ReadAsync(_buffer).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => read.WaitAsync(Moment));
        _faults.Speak();
        Assert.Equal((1, 7), (await read.WaitAsync(Long), _buffer[0]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_connection_that_is_cut_ends_also_in_a_silence(bool isSilent)
    {
        if (isSilent) _faults.Silence();
        if (isSilent) await _far.WriteAsync(new byte[] { 7 });
        var read = _near.ReadAsync(_buffer).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => read.WaitAsync(Moment));
        _faults.Cut();
        await Assert.ThrowsAsync<IOException>(() => read.WaitAsync(Long));
        await Assert.ThrowsAsync<IOException>(() => _near.ReadAsync(_buffer).AsTask().WaitAsync(Long));
    }
}

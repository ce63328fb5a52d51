using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Features;
using SplitInfer.Protocol.Endpoints.WebSockets;

namespace SplitInfer.AspNetCore.WebSockets;

/// <summary>Puts a meter between an HTTP connection and the WebSocket that it becomes, and lets others have the thread now and then.</summary>
/// <param name="upgrade">Makes a stream of an HTTP/1.1 connection; null where it cannot.</param>
/// <param name="connect">Makes a stream of a request of HTTP/2; null where it cannot.</param>
internal sealed class MeteredUpgrade(IHttpUpgradeFeature? upgrade, IHttpExtendedConnectFeature? connect) : IHttpUpgradeFeature, IHttpExtendedConnectFeature
{
    /// <summary>Counts what comes.</summary>
    public WebSocketOverhead Overhead { get; } = new();

    bool IHttpUpgradeFeature.IsUpgradableRequest => upgrade?.IsUpgradableRequest == true;

    bool IHttpExtendedConnectFeature.IsExtendedConnect => connect?.IsExtendedConnect == true;

    string? IHttpExtendedConnectFeature.Protocol => connect?.Protocol;

    /// <summary>Meters the requests that come behind it. Before the middleware of WebSockets, which takes the connection as it finds it.</summary>
    public static void Use(IApplicationBuilder application) => application.Use(static (context, next) =>
    {
        var metered = new MeteredUpgrade(context.Features.Get<IHttpUpgradeFeature>(), context.Features.Get<IHttpExtendedConnectFeature>());
        context.Features.Set(metered);
        context.Features.Set<IHttpUpgradeFeature>(metered);
        context.Features.Set<IHttpExtendedConnectFeature>(metered);
        return next(context);
    });

    async Task<Stream> IHttpUpgradeFeature.UpgradeAsync() => new MeteredStream(await upgrade!.UpgradeAsync().ConfigureAwait(false), Overhead);

    async ValueTask<Stream> IHttpExtendedConnectFeature.AcceptAsync() => new MeteredStream(await connect!.AcceptAsync().ConfigureAwait(false), Overhead);
}

/// <summary>A stream of which all that is read is counted.</summary>
/// <param name="stream">The stream, which it owns.</param>
/// <param name="overhead">Counts.</param>
internal sealed class MeteredStream(Stream stream, WebSocketOverhead overhead) : Stream
{
    // What always has something to read would never give back the thread.
    private const int ReadsATurn = 4;

    private int _reads;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = stream.ReadAsync(buffer, cancellationToken);
        _reads = reading.IsCompleted ? _reads + 1 : 0;
        if (_reads > ReadsATurn)
        {
            _reads = 0;
            await Task.Yield();
        }

        var read = await reading.ConfigureAwait(false);
        overhead.Read(read);
        return read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => stream.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => stream.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) stream.Dispose();
        base.Dispose(disposing);
    }
}

using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SplitInfer.Codecs;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server;
using SplitInfer.Server.Connections;

namespace SplitInfer.Fuzzing.Wire;

/// <summary>The server, from a client's first byte to its last: handshake, headers, payloads, order of frames. One server for all inputs.</summary>
internal sealed class ServerTarget : ScriptTarget, ILogger
{
    // A request of which not all comes is not waited for longer.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(2), PoliteSettling = TimeSpan.FromSeconds(30);

    private readonly FuzzModel _model = new();
    private readonly FrameServer _server;
    private string? _error;
    private long _taken;

    public ServerTarget() => _server = ServerComposition.CreateFrameServer(_model, CodecRegistry.Default, new() { MaxInFlightPerConnection = 3, MaxOpenModelsPerConnection = 2 }, TimeProvider.System, this);

    public override string Name => "server";

    protected override IReadOnlyList<byte[]> Seeds => WireSeeds.OfClient;

    public override int LeastOutcomes => 20;

    // The server tells the client, and throws nothing.
    public override bool Documents(Exception error) => false;

    public override string Take(byte[] input)
    {
        var outcome = Serve(input, Settling);
        // Whatever was sent to it, the next client is served.
        if (_taken++ % 256 == 0 && Serve(WireSeeds.OfClient[2], PoliteSettling) is var polite && polite != "Welcome Response Response Response ModelOpened")
            throw new FuzzFindException($"A client that does nothing wrong was told: {polite}");
        return outcome;
    }

    protected override void Release() => _server.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private string Serve(byte[] input, TimeSpan settling)
    {
        var told = new List<FrameType>();
        var refusals = new SortedSet<uint>();
        _error = null;
        _server.ServeAsync(new SilentChannel(input, 1 + (input.Length % 900))
        {
            OnEnd = () => SettleAsync(told, settling),
            OnSend = bytes =>
            {
                lock (told)
                {
                    if (bytes.Length < FrameHeader.Size || !bytes.Span[..4].SequenceEqual("SPLT"u8)) return;
                    var header = FrameHeader.Read(bytes.Span);
                    told.Add(header.Type);
                    if (header.Type is FrameType.Error or FrameType.ModelRefused) refusals.Add(ErrorHeader.Parser.ParseFrom(bytes.Span.Slice(FrameHeader.Size, header.HeaderLength)).Code);
                }
            },
        }).GetAwaiter().GetResult();
        if (_error is { } error) throw new FuzzFindException(error);
        if (_model.Leases != 0) throw new FuzzFindException("A model is held by a connection that has ended.");
        return string.Join(' ', [.. told.Order().Where(static t => t != FrameType.Pong).Select(static t => t.ToString()), .. refusals.Select(static code => ((RefusalCode)code).ToString())]);
    }

    /// <summary>Waits until no request is under way: each holds the model, as each handle does.</summary>
    private async Task SettleAsync(List<FrameType> told, TimeSpan atMost)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < atMost;)
        {
            lock (told)
                if (_model.Leases <= told.Count(static t => t == FrameType.ModelOpened)) return;
            await Task.Yield();
        }
    }

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // What is the server's own fault is an error in its log.
        if (logLevel >= LogLevel.Error) _error = $"{formatter(state, exception)}: {exception}";
    }

    bool ILogger.IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;
}

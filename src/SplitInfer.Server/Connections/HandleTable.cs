using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Models;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>The models that one connection has open, by the handles that the client gave them. Used by the connection's reader alone, but for <see cref="TakeReplaced"/> and the closing that it schedules.</summary>
/// <param name="models">The models that may be opened.</param>
/// <param name="most">How many may be open at a time.</param>
/// <param name="time">The clock.</param>
internal sealed class HandleTable(IModelRegistry models, int most, TimeProvider time) : IDisposable
{
    /// <summary>How long a client has to open a model anew that was replaced, and to close the old handle.</summary>
    public static readonly TimeSpan ReplacedGrace = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<uint, OpenedModel> _open = [];
    private uint _last;

    /// <summary>Uses up a handle, whether a model is then opened under it or not.</summary>
    /// <exception cref="ProtocolException">It was used before.</exception>
    public void Use(uint handle)
    {
        if (handle <= _last) throw ProtocolException.Violation($"handle {handle} came after {_last}");
        _last = handle;
    }

    /// <summary>Opens a model.</summary>
    /// <param name="handle">A handle that was just used up.</param>
    /// <param name="message">What the client wants.</param>
    /// <param name="opened">The model.</param>
    /// <returns>Why it was not opened; null where it was.</returns>
    /// <exception cref="ProtocolException">A fingerprint is none.</exception>
    public Refusal? Open(uint handle, OpenModel message, out OpenedModel? opened)
    {
        opened = null;
        var claim = message.Describe
            ? new ModelClaim(message.Model, message.Version, default, default, default) { TakesAny = true }
            : new ModelClaim(message.Model, message.Version, Read(message.ModelFingerprint), Read(message.PlanFingerprint), message.PlanSketch.Memory);
        // One that is replaced is open twice for a while.
        if (_open.Values.Count(static o => !o.IsGoingAway) >= most)
            return new(RefusalCode.LimitExceeded, $"The connection has {most} models open, as many as the server allows. Close one first, or use another connection.");
        try
        {
            var lease = models.Open(claim);
            try
            {
                opened = new(lease, claim with { Sketch = default });
                return _open.TryAdd(handle, opened) ? null : throw new InvalidOperationException($"Handle {handle} is in use.");
            }
            catch
            {
                lease.Dispose();
                throw;
            }
        }
        catch (TailRefusedException refused)
        {
            return new(refused.Code, refused.Message, refused.DifferingPartition);
        }
    }

    /// <summary>The model under a handle, if it is open.</summary>
    public bool TryGet(uint handle, [NotNullWhen(true)] out OpenedModel? opened) => _open.TryGetValue(handle, out opened);

    /// <summary>Closes a handle to new requests. Closing one again, or one that was refused, does nothing.</summary>
    /// <exception cref="ProtocolException">It was never used.</exception>
    public void Close(uint handle)
    {
        if (handle > _last) throw ProtocolException.Violation($"handle {handle} was closed before it was opened");
        End(handle);
    }

    /// <summary>
    /// The handles whose models were replaced since the client was last told, each once. They are closed after a while whatever the client does, or one that
    /// never closes any would keep every version that there was. Safe to call beside the reader.
    /// </summary>
    public IEnumerable<uint> TakeReplaced()
    {
        foreach (var (handle, opened) in _open)
        {
            if (!opened.TryGoAway(models)) continue;
            _ = EndLaterAsync(handle);
            yield return handle;
        }
    }

    /// <summary>Closes every handle.</summary>
    public void Dispose()
    {
        foreach (var handle in _open.Keys) End(handle);
    }

    private async Task EndLaterAsync(uint handle)
    {
        await Task.Delay(ReplacedGrace, time).ConfigureAwait(false);
        End(handle);
    }

    private void End(uint handle)
    {
        if (_open.TryRemove(handle, out var opened)) opened.Lease.Dispose();
    }

    private static Fingerprint Read(Google.Protobuf.ByteString digest) => digest.Length == Fingerprint.Size
        ? new(digest.Span)
        : throw ProtocolException.Violation($"a fingerprint of {digest.Length} bytes instead of {Fingerprint.Size}");
}

using System.Collections.Concurrent;
using SplitInfer.Client.Transport;
using SplitInfer.Tensors;

namespace SplitInfer.IntegrationTests.Learning;

/// <summary>Holds replies back until a test lets them through, counts what goes by, and can answer at once with what came before.</summary>
internal sealed class GatedTransport(ITailTransport inner) : ITailTransport
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<int, TensorValue[]> _past = new();
    private int _sent;
    private int _held;
    private int _withdrawn;

    /// <summary>Fails every request with this.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Answers at once with the outputs that the last reply for the partition had.</summary>
    public bool IsReplaying { get; set; }

    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Replies that have come as far as the gate.</summary>
    public int Held => Volatile.Read(ref _held);

    public int Withdrawn => Volatile.Read(ref _withdrawn);

    /// <summary>Lets every reply through, those to come included.</summary>
    public void Open() => _gate.TrySetResult();

    public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _sent);
        if (Failure is not null) throw Failure;
        if (IsReplaying && _past.TryGetValue(request.Partition.Index, out var past)) return new([.. past.Select(static t => t.Share())], default);
        try
        {
            var reply = await inner.SendAsync(request, cancellationToken);
            Interlocked.Increment(ref _held);
            try
            {
                await _gate.Task.WaitAsync(cancellationToken);
            }
            catch
            {
                reply.Dispose();
                throw;
            }

            _past[request.Partition.Index] = [.. reply.Outputs.Select(static t => t!.Share())];
            return reply;
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _withdrawn);
            throw;
        }
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

using SplitInfer.Client.Transport;

namespace SplitInfer.IntegrationTests.Learning;

/// <summary>Holds replies back until a test lets them through, and counts what goes by.</summary>
internal sealed class GatedTransport(ITailTransport inner) : ITailTransport
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _sent;
    private int _withdrawn;

    /// <summary>Fails every request with this.</summary>
    public Exception? Failure { get; set; }

    public int Sent => Volatile.Read(ref _sent);

    public int Withdrawn => Volatile.Read(ref _withdrawn);

    /// <summary>Lets every reply through, those to come included.</summary>
    public void Open() => _gate.TrySetResult();

    public async ValueTask<TailReply> SendAsync(TailRequest request, CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _sent);
        if (Failure is not null) throw Failure;
        try
        {
            var reply = await inner.SendAsync(request, cancellationToken);
            try
            {
                await _gate.Task.WaitAsync(cancellationToken);
            }
            catch
            {
                reply.Dispose();
                throw;
            }

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

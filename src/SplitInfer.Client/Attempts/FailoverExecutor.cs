using System.Runtime.CompilerServices;
using SplitInfer.Client.Servers;
using SplitInfer.Policies;

namespace SplitInfer.Client.Attempts;

/// <summary>
/// Has the arm's server run the tail and, if that server fails, the next one that can be used, each once. For requests that the device does
/// not finish, or of which no policy chose the server. One that learns is told of the server that answered.
/// </summary>
/// <param name="single">Has one server run the tail.</param>
/// <param name="servers">The servers.</param>
/// <param name="armOn">The arm that does on another server what an arm does on its own.</param>
internal sealed class FailoverExecutor(IExecutor single, ServerSet servers, Func<Arm, int, Arm> armOn) : IExecutor
{
    public bool MayOutliveCall(Attempt attempt) => single.MayOutliveCall(attempt);

    public ValueTask<AttemptResult> RunAsync(Attempt attempt, CancellationToken stop) =>
        servers.All.Length < 2 ? single.RunAsync(attempt, stop) : TryEachAsync(attempt, stop);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AttemptResult> TryEachAsync(Attempt attempt, CancellationToken stop)
    {
        var tried = 0UL;
        while (true)
        {
            try
            {
                return await single.RunAsync(attempt, stop).ConfigureAwait(false);
            }
            catch (Exception failure) when (ServerFault.CountsAgainstHealth(failure) && !stop.IsCancellationRequested && TryMove(attempt, failure, ref tried))
            {
                // The next one has its try.
            }
        }
    }

    private bool TryMove(Attempt attempt, Exception failure, ref ulong tried)
    {
        tried |= 1UL << attempt.Decision.Arm.Server;
        var unavailable = servers.Unavailable | servers.Lacking(attempt.Decision.Arm.Variant) | tried;
        var next = servers.FirstUsable(unavailable);
        if (((unavailable >> next) & 1) != 0) return false;
        return attempt.TryMoveTo(armOn(attempt.Decision.Arm, next), failure);
    }
}

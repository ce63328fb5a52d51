using System.Runtime.CompilerServices;
using SplitInfer.Exits;
using SplitInfer.Policies.Quality;
using SplitInfer.Server.Quality;

namespace SplitInfer.Server.Scheduling;

/// <summary>Runs a job along its route, in its place, until an exit answers it or the model ends: after each leg the controller decides whether it goes on.</summary>
internal static class ExitRunner
{
    private const int LookAhead = 32, MostLanes = 64;

    /// <summary>Runs a job. On success its outputs are the answer.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="Protocol.TailRefusedException">No exit that may answer it would be in time any more.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public static async ValueTask RunAsync(TailJob job, ExitRun run, TimeProvider time, CancellationToken cancellationToken)
    {
        var (route, node, walk) = (run.Route, run.Route.Place.Node, run.Walk);
        Choose(job, run);
        walk.Begin(route, job.Boundary.Span);
        try
        {
            for (var leg = 0; ; leg++)
            {
                var began = time.GetTimestamp();
                job.StopsAt = node.Seconds(began) + SecondsTo(route, leg, Math.Max(leg, run.Choice.LeastExit));
                await walk.StepAsync(leg, run.SegmentOf(route, leg), cancellationToken).ConfigureAwait(false);
                var isEnd = leg == route.Legs.Length - 1;
                // An exit that may not answer is passed without a look.
                var canAnswer = TryEvaluate(walk, leg, isWanted: !isEnd && (run.Check.IsOn || leg >= run.Choice.LeastExit), out var answer);
                node.Observe(route.Place.Curve, leg, time.GetElapsedTime(began).TotalSeconds);
                if (isEnd)
                {
                    run.Check.End(route.Place, run.Check.IsOn ? walk.BestClass() : null);
                    walk.TakeOutputs(job.Outputs.Span);
                    (run.Answered, run.Confidence) = (leg, 0);
                    return;
                }

                if (canAnswer) run.Check.Note(leg, answer.Class);
                if (GoesOn(job, run, leg, canAnswer ? answer.Confidence : double.NaN)) continue;
                if (leg < run.Choice.LeastExit) throw Refusal.Late.ToException();
                // Where the exit has no answer to these values, only the model has.
                if (!canAnswer) continue;
                job.Outputs.Span[0] = walk.MakeAnswer();
                (run.Answered, run.Confidence) = (leg, answer.Confidence);
                return;
            }
        }
        finally
        {
            walk.End();
        }
    }

    /// <summary>What it takes from the beginning of a leg to the end of it or of a later one, s.</summary>
    private static double SecondsTo(ExitRoute route, int leg, int last) => route.Place.Node.SecondsBetween(route.Place.Curve, leg - 1, last);

    private static bool TryEvaluate(ExitWalk walk, int leg, bool isWanted, out ExitAnswer answer)
    {
        answer = default;
        return isWanted && walk.TryEvaluate(leg, out answer);
    }

    private static void Choose(TailJob job, ExitRun run)
    {
        Span<WaitingRequest> next = stackalloc WaitingRequest[LookAhead];
        Span<double> others = stackalloc double[MostLanes];
        var queue = Look(job, next, others);
        var (node, curve) = run.Route.Place;
        run.Choice = node.Choose(curve, run.Needs, run.DueAt, queue);
        if (run.Choice.IsLate) throw Refusal.Late.ToException();
        run.Check.Begin(queue.Next.IsEmpty && node.TakesCheck(curve, run.DueAt));
        job.FreeAt = node.Seconds(job.StartedAt) + SecondsTo(run.Route, leg: 0, run.Check.IsOn ? run.Route.Legs.Length - 1 : run.Choice.Depth);
    }

    private static bool GoesOn(TailJob job, ExitRun run, int leg, double confidence)
    {
        Span<WaitingRequest> next = stackalloc WaitingRequest[LookAhead];
        Span<double> others = stackalloc double[MostLanes];
        var queue = Look(job, next, others);
        if (run.Check.IsOn && queue.Next.IsEmpty) return true;
        run.Check.GiveUp();
        return run.Route.Place.Node.GoesOn(run.Choice, leg, confidence, queue);
    }

    private static QueueView Look(TailJob job, Span<WaitingRequest> next, Span<double> others)
    {
        var (waiting, lanes) = job.Waiting?.Look(job, next, others) ?? default;
        return new() { Next = next[..waiting], OthersFreeAt = others[..lanes] };
    }
}

using SplitInfer.Policies.Quality;

namespace SplitInfer.Server.Scheduling;

/// <summary>
/// Decides which tails run when. A job is offered by its header, before its payload is received; enqueued once it can run; then run with
/// others or alone, or ended without. Every job that is enqueued ends exactly once, by <see cref="TailJob.OnEnded"/>. Thread-safe.
/// </summary>
internal interface ITailScheduler
{
    /// <summary>How busy the server is, as a client sees it.</summary>
    /// <param name="machine">Where it connects from, as in <see cref="TailJobTerms.Machine"/>.</param>
    /// <param name="connection">The connection, as in <see cref="TailJobTerms.Connection"/>.</param>
    ServerLoad LoadFor(string machine, long connection);

    /// <summary>
    /// Whether a job is accepted. It then counts as waiting, but only for as long as a job is to wait at most: one whose payload takes longer to arrive
    /// may be refused after all.
    /// </summary>
    /// <param name="terms">What is known of the job by its header alone.</param>
    /// <param name="arrival">What its <see cref="TailJob.Arrival"/> is to be.</param>
    /// <returns>Why not; null where it would be.</returns>
    Refusal? Offer(in TailJobTerms terms, out long arrival);

    /// <summary>A job whose offer was accepted comes later than was thought, or not at all. Does nothing where it was enqueued, or was forgotten before.</summary>
    void Forget(TailJob job);

    /// <summary>
    /// Has a job run. Where a place is free it begins on the caller's thread, so that a request needs no change of thread; else it waits.
    /// A job that cannot even wait ends with a <see cref="Protocol.TailRefusedException"/>.
    /// </summary>
    void Enqueue(TailJob job);

    /// <summary>
    /// Ends a job that waits, with an <see cref="OperationCanceledException"/>. Does nothing to one that runs, which its
    /// <see cref="TailJob.StopToken"/> stops, nor to one that has ended. While a job waits, the scheduler does this when that token fires.
    /// </summary>
    void Withdraw(TailJob job);
}

/// <summary>Tells a job that runs what waits behind it.</summary>
internal interface IWaitingJobs
{
    /// <summary>Looks at what waits, in seconds of the server's clock.</summary>
    /// <param name="running">The job that asks.</param>
    /// <param name="next">Receives those that are due first.</param>
    /// <param name="othersFreeAt">Receives when each other place will be free.</param>
    /// <returns>How many there are of either.</returns>
    (int Next, int Others) Look(TailJob running, Span<WaitingRequest> next, Span<double> othersFreeAt);
}

/// <summary>Runs jobs for a scheduler.</summary>
internal interface ITailRunner
{
    /// <summary>Runs jobs of one <see cref="TailJobTerms.BatchKey"/>, or a single one. Never throws: what goes wrong becomes a job's <see cref="TailJob.Failure"/>.</summary>
    /// <returns>Done once all have run.</returns>
    ValueTask RunAsync(ReadOnlyMemory<TailJob> sameKey);
}

/// <summary>How busy a server is.</summary>
/// <param name="Running">Places that are taken.</param>
/// <param name="Queued">Jobs that wait for a place.</param>
/// <param name="Places">Jobs that run at a time, at most.</param>
/// <param name="WaitSeconds">How long a job of the connection that comes now will wait for a place, by the runs so far; 0 where a place is free.</param>
/// <param name="Price">How many seconds others wait longer, as far as their turns let them, for each second that a job of the machine runs.</param>
internal readonly record struct ServerLoad(int Running, int Queued, int Places, double WaitSeconds, double Price = 0);

/// <summary>What a scheduler knows of a job by its header alone.</summary>
/// <param name="Model">The version of a model whose tail it is, compared by reference.</param>
/// <param name="Cut">The partition.</param>
/// <param name="Exit">The exit at which the tail ends; 0 is the end of the model.</param>
/// <param name="DueAt">When the result is of no use any more, as a timestamp of the server's clock; the largest there is where it always is of use.</param>
/// <param name="ExpectedSeconds">How long the run will take; 0 where that is not known.</param>
/// <param name="Weight">What the job is worth beside others; 1 unless the client says more.</param>
/// <param name="Connection">The connection, by a number that is used once.</param>
/// <param name="Machine">Where the client connects from, or the name of its key.</param>
/// <param name="BatchKey">Jobs with the same key may run together; 0 where the job runs alone.</param>
internal readonly record struct TailJobTerms(object Model, int Cut, int Exit, long DueAt, double ExpectedSeconds, double Weight, long Connection, string Machine, long BatchKey)
{
    /// <summary>What the shallowest exit takes that may answer the job, s; 0 where none may, or that is not known.</summary>
    public double LeastSeconds { get; init; }
}

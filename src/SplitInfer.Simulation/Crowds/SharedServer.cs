using SplitInfer.Policies.Sharing;

namespace SplitInfer.Simulation.Crowds;

/// <summary>A server with places and a queue, first come, first served, and what its time costs.</summary>
internal sealed class SharedServer(CrowdServer server, CrowdClock clock)
{
    private readonly Queue<(double RunSeconds, double Since, Action<double, double> Done)> _queue = new();
    private readonly ServerLoadPrice _price = new(server.Places, clock);
    private int _running;

    /// <summary>How many requests it runs at a time.</summary>
    public int Places => server.Places;

    /// <summary>Its price now.</summary>
    public double Price => _price.Price;

    /// <summary>Seconds for which places were used.</summary>
    public double BusySeconds { get; private set; }

    /// <summary>A request arrives.</summary>
    /// <param name="runSeconds">How long it will occupy a place, s.</param>
    /// <param name="done">Called at its end with what it waited and ran, s.</param>
    public void Arrive(double runSeconds, Action<double, double> done)
    {
        _queue.Enqueue((runSeconds, clock.Now, done));
        StartNext();
    }

    private void StartNext()
    {
        while (_running < server.Places && _queue.TryDequeue(out var job))
        {
            _running++;
            BusySeconds += job.RunSeconds;
            var waited = clock.Now - job.Since;
            clock.After(job.RunSeconds, () =>
            {
                _running--;
                _price.Observe(waited, job.RunSeconds);
                job.Done(waited, job.RunSeconds);
                StartNext();
            });
        }
    }
}

namespace SplitInfer.Server.Monitoring;

/// <summary>How busy a server is at the moment, and what it holds.</summary>
public readonly record struct ServerLoadStatus
{
    /// <summary>Requests that wait for a place to run.</summary>
    public required int Queued { get; init; }

    /// <summary>Requests that run.</summary>
    public required int Running { get; init; }

    /// <summary>Requests that run at a time, at most.</summary>
    public required int Places { get; init; }

    /// <summary>How long a request that comes now will wait for a place, s, by the runs so far.</summary>
    public required double WaitSeconds { get; init; }

    /// <summary>What a second of its time costs others: the seconds that all of their requests together wait longer for it.</summary>
    public double Price { get; init; }

    /// <summary>What a second of its time costs requests that allow exits, in accuracy of one of weight 1; 0 while it has time for all of them to the end of the model.</summary>
    public double QualityPrice { get; init; }

    /// <summary>Open connections.</summary>
    public required int Connections { get; init; }

    /// <summary>What received boundaries and unread replies hold, in bytes.</summary>
    public required long HeldBytes { get; init; }

    /// <summary>Versions of models that are served.</summary>
    public required int Models { get; init; }

    /// <summary>Versions of models that are not served, because of what <see cref="SplitInferServer.RefusedModels"/> says.</summary>
    public required int RefusedModels { get; init; }

    /// <summary>Tails that are loaded, or being loaded.</summary>
    public required int Segments { get; init; }

    /// <summary>Memory of the loaded tails, in bytes.</summary>
    public required long SegmentBytes { get; init; }
}

namespace SplitInfer.Policies.Quality;

/// <summary>How far a request may run, as <see cref="QualityController.Choose"/> decided. Given back to the controller after each exit and at the end.</summary>
public readonly record struct QualityChoice
{
    /// <summary>The id of the model's curve at the controller.</summary>
    public int Curve { get; init; }

    /// <summary>Whether no exit that may answer it would be in time: it is best refused at once.</summary>
    public bool IsLate { get; init; }

    /// <summary>Index of the first exit that may answer it.</summary>
    public int LeastExit { get; init; }

    /// <summary>Index of the last exit that it may run to.</summary>
    public int Depth { get; init; }

    /// <summary>Index of the setting among those of the curve, by whose thresholds it stops earlier.</summary>
    public int Setting { get; init; }

    /// <summary>What its accuracy is worth beside that of others.</summary>
    public double Weight { get; init; }

    /// <summary>When its answer is due, in seconds of the caller's clock.</summary>
    public double DueAt { get; init; }
}

namespace SplitInfer.Simulation.Quality;

/// <summary>Who decides how far requests run.</summary>
public enum QualityContender
{
    /// <summary>The whole model, first come, first served, until all have their answers.</summary>
    FirstCome,

    /// <summary>The whole model by deadlines; what cannot be in time any more is dropped.</summary>
    EarliestDeadline,

    /// <summary>The whole model, and only what will be in time is let in (after Clockwork).</summary>
    Admission,

    /// <summary>The first exit for all, by deadlines with dropping.</summary>
    Shallowest,

    /// <summary>The exit that is best in hindsight for all, by deadlines with dropping.</summary>
    BestFixed,

    /// <summary>Confidence alone decides where a run stops (after BranchyNet), by deadlines with dropping.</summary>
    Threshold,

    /// <summary>Each request goes to the deepest exit that is in time for it, by deadlines with dropping.</summary>
    Greedy,

    /// <summary>The same, and stops where its answer is sure.</summary>
    GreedyThreshold,

    /// <summary>Controllers with prices of a coordinator.</summary>
    Prices,

    /// <summary>Controllers that never hear of a coordinator.</summary>
    PricesAlone,

    /// <summary>Controllers whose coordinator dies.</summary>
    CoordinatorKilled,

    /// <summary>A bound on what anybody can reach who knows when requests will come.</summary>
    Optimum,
}

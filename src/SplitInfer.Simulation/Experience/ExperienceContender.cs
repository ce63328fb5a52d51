namespace SplitInfer.Simulation.Experience;

/// <summary>Who chooses variants in an <see cref="ExperienceWorld"/>.</summary>
public enum ExperienceContender
{
    /// <summary>Knows each user's mind, the device and the day: what nobody can exceed.</summary>
    Oracle,

    /// <summary>The model, with what the fleet learned.</summary>
    Shared,

    /// <summary>The same where one user in twenty rates without a thought.</summary>
    SharedCareless,

    /// <summary>The same where every session asks.</summary>
    SharedAlwaysAsking,

    /// <summary>The same without implicit signals.</summary>
    SharedWithoutSignals,

    /// <summary>The same with one taste for all users.</summary>
    SharedWithoutTaste,

    /// <summary>The model, each device by itself.</summary>
    Alone,

    /// <summary>The same where every session asks.</summary>
    AloneAlwaysAsking,

    /// <summary>The one variant that, for all, would have been best in hindsight.</summary>
    BestStatic,

    /// <summary>The one variant that would have been best for each class of devices in hindsight.</summary>
    BestStaticOfClass,

    /// <summary>The variant that is expected to take least time.</summary>
    LeastTime,

    /// <summary>The most accurate variant.</summary>
    MostAccurate,
}

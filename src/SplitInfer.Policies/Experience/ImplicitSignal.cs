namespace SplitInfer.Policies.Experience;

/// <summary>What a session shows of its user's content without a question.</summary>
public enum ImplicitSignal
{
    /// <summary>The session ended and nothing was seen.</summary>
    Quiet,

    /// <summary>A request missed its deadline, or was later than it should have been.</summary>
    Late,

    /// <summary>The same request came again within 3 s.</summary>
    Repeated,

    /// <summary>The user, or the application on the user's behalf, took another variant.</summary>
    Overridden,

    /// <summary>The user left before the result was there, or at once after it.</summary>
    Abandoned,

    /// <summary>The user was asked and did not answer. Those who are unhappy stop rating, so this says something.</summary>
    Dismissed,
}

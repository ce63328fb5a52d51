namespace SplitInfer.Policies.Experience;

/// <summary>What an <see cref="ExperienceModel"/> chose for a session.</summary>
/// <param name="Variant">Place of the variant among those that were given.</param>
/// <param name="ExpectedRating">The rating that is expected, 0 to 1.</param>
/// <param name="Deviation">Its standard deviation.</param>
/// <param name="IsWorthAsking">
/// Whether the user's rating would teach enough for a question: the two best variants cannot be told apart, and the budget of questions is not spent.
/// </param>
public readonly record struct ExperienceChoice(int Variant, double ExpectedRating, double Deviation, bool IsWorthAsking);

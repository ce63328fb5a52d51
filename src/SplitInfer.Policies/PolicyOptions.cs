using System.Globalization;

namespace SplitInfer.Policies;

/// <summary>Options as people write them, K=V. What is read is remembered, so that what nothing reads can be refused.</summary>
internal sealed class PolicyOptions(string policy, IReadOnlyDictionary<string, string> values)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <exception cref="PolicyOptionException">The value is not a number in the range.</exception>
    public double Number(string name, double fallback, double min = double.MinValue, double max = double.MaxValue)
    {
        if (Find(name) is not { } text) return fallback;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Wrong(name, text, max < double.MaxValue ? $"a number from {min} to {max}" : min > 0 ? "a number above 0" : $"a number of at least {min}");
    }

    /// <exception cref="PolicyOptionException">The value is not a whole number in the range.</exception>
    public int Whole(string name, int fallback, int min)
    {
        if (Find(name) is not { } text) return fallback;
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) && value >= min
            ? value
            : throw Wrong(name, text, $"a whole number of at least {min}");
    }

    /// <exception cref="PolicyOptionException">The value is neither true nor false.</exception>
    public bool Flag(string name, bool fallback) => Choice(name, fallback ? "true" : "false", fallback ? "false" : "true") == "true";

    /// <summary>One of several words, the first where none is given.</summary>
    /// <exception cref="PolicyOptionException">The value is none of them.</exception>
    public string Choice(string name, params ReadOnlySpan<string> words)
    {
        if (Find(name) is not { } text) return words[0];
        return words.Contains(text) ? text : throw Wrong(name, text, "one of " + string.Join(", ", words));
    }

    /// <summary>The value as it was written; null where it was not given.</summary>
    public string? Find(string name)
    {
        _read.Add(name);
        return values.GetValueOrDefault(name);
    }

    /// <exception cref="PolicyOptionException">An option was given that the policy does not have.</exception>
    public void RefuseOthers()
    {
        foreach (var name in values.Keys)
        {
            if (_read.Contains(name)) continue;
            var known = _read.Count == 0 ? "It has none." : $"It has {string.Join(", ", _read.Order(StringComparer.Ordinal))}.";
            throw new PolicyOptionException($"Policy {policy} has no option '{name}'. {known}");
        }
    }

    private PolicyOptionException Wrong(string name, string text, string expected) =>
        new($"Option '{name}' of policy {policy} is '{text}'; it must be {expected}.");
}

/// <summary>A policy or one of its options cannot be used. The message says what is expected.</summary>
public sealed class PolicyOptionException : ArgumentException
{
    /// <summary>Creates the error.</summary>
    public PolicyOptionException(string message) : base(message) { }
}

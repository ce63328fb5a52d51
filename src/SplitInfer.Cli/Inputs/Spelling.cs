namespace SplitInfer.Cli.Inputs;

/// <summary>Finds the word that was meant by one that was typed.</summary>
internal static class Spelling
{
    // Every third letter may be wrong; with more, most suggestions would be of another word.
    private const int LettersPerMistake = 3;

    /// <summary>The known word that is nearest to what was typed, or that begins with it; null where none is near. Upper and lower case are the same.</summary>
    public static string? Nearest(string typed, IEnumerable<string> known)
    {
        string[] words = [.. known];
        var nearest = words.MinBy(word => Distance(typed, word));
        if (nearest is not null && Distance(typed, nearest) <= Math.Max(1, typed.Length / LettersPerMistake)) return nearest;
        return typed.Length >= LettersPerMistake ? words.FirstOrDefault(name => name.StartsWith(typed, StringComparison.OrdinalIgnoreCase)) : null;
    }

    /// <summary>A sentence that suggests the nearest known word, to follow another one; empty where none is near.</summary>
    public static string Suggestion(string typed, IEnumerable<string> known) => Nearest(typed, known) is { } word ? $" Did you mean '{word}'?" : "";

    /// <summary>How many letters have to be put in, left out, replaced or swapped with their neighbour to make one word of the other.</summary>
    internal static int Distance(string from, string to)
    {
        var steps = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
        {
            for (var j = 0; j <= to.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    steps[i, j] = i + j;
                    continue;
                }

                var replaced = steps[i - 1, j - 1] + (AreSame(from[i - 1], to[j - 1]) ? 0 : 1);
                steps[i, j] = Math.Min(replaced, Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1);
                if (i > 1 && j > 1 && AreSame(from[i - 1], to[j - 2]) && AreSame(from[i - 2], to[j - 1])) steps[i, j] = Math.Min(steps[i, j], steps[i - 2, j - 2] + 1);
            }
        }

        return steps[from.Length, to.Length];
    }

    private static bool AreSame(char left, char right) => char.ToUpperInvariant(left) == char.ToUpperInvariant(right);
}

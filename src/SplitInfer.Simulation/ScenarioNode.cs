using System.Collections.Immutable;
using System.Text.Json;

namespace SplitInfer.Simulation;

/// <summary>A place in a scenario's JSON, which its errors name.</summary>
internal readonly struct ScenarioNode(string path, JsonElement element)
{
    public ScenarioNode? Find(string name)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Wrong("an object");
        return element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? new($"{path}.{name}", value) : null;
    }

    public ScenarioNode Get(string name) =>
        Find(name) ?? throw new ScenarioException($"The scenario has no {path}.{name}. Add it; docs/policies.md lists what a scenario holds.");

    public ImmutableArray<ScenarioNode> Items(int max)
    {
        if (element.ValueKind != JsonValueKind.Array || element.GetArrayLength() > max) throw Wrong($"an array of at most {max}");
        var where = path;
        return [.. element.EnumerateArray().Select((item, index) => new ScenarioNode($"{where}[{index}]", item))];
    }

    public double Number(double min, double max = double.MaxValue) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) && double.IsFinite(value) && value >= min && value <= max
            ? value
            : throw Wrong(max < double.MaxValue ? $"a number from {min} to {max}" : $"a number of at least {min}");

    public int Whole(int min, int max) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) && value >= min && value <= max
            ? value
            : throw Wrong($"a whole number from {min} to {max}");

    public bool Flag() => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetBoolean() : throw Wrong("true or false");

    public bool IsText(string text) => element.ValueKind == JsonValueKind.String && element.GetString() == text;

    public string Text() => element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Wrong("a text");

    public ScenarioException Wrong(string expected) => new($"{path} is not as expected: it must be {expected}.");
}

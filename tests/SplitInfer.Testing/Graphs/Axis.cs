namespace SplitInfer.Testing;

/// <summary>An axis of an input, written as a number or as the name of a symbol.</summary>
public readonly record struct Axis
{
    internal long Size { get; private init; }

    internal string? Symbol { get; private init; }

    /// <summary>An axis of a fixed size.</summary>
    public static implicit operator Axis(long size) => new() { Size = size };

    /// <summary>An axis whose size is a symbol.</summary>
    public static implicit operator Axis(string symbol) => new() { Size = -1, Symbol = symbol };
}

namespace SplitInfer.Testing.Faults;

/// <summary>What happens at a place of one direction of a connection. Immutable.</summary>
/// <param name="At">Where.</param>
/// <param name="Kind">What.</param>
internal sealed record Fault(FaultPoint At, FaultKind Kind)
{
    /// <summary>How long a stall lasts.</summary>
    public TimeSpan Duration { get; private init; }

    /// <summary>Bytes that are dropped or sent twice; the bit that is flipped.</summary>
    public int Count { get; private init; }

    /// <summary>What else is done.</summary>
    public Func<Task>? Action { get; private init; }

    /// <summary>Both ends get a reset.</summary>
    public static Fault Reset(FaultPoint at) => new(at, FaultKind.Reset);

    /// <summary>Both ends get an orderly end, and nothing of what follows.</summary>
    public static Fault Close(FaultPoint at) => new(at, FaultKind.Close);

    /// <summary>Nothing passes any more in either direction, and neither end is told.</summary>
    public static Fault Silence(FaultPoint at) => new(at, FaultKind.Silence);

    /// <summary>Nothing passes any more in this direction.</summary>
    public static Fault SilenceOneWay(FaultPoint at) => new(at, FaultKind.SilenceOneWay);

    /// <summary>What follows passes later.</summary>
    public static Fault Stall(FaultPoint at, TimeSpan duration) => new(at, FaultKind.Stall) { Duration = duration };

    /// <summary>One bit of the next byte is flipped.</summary>
    public static Fault Flip(FaultPoint at, int bit = 0) => new(at, FaultKind.Flip) { Count = bit };

    /// <summary>So many bytes are left out.</summary>
    public static Fault Drop(FaultPoint at, int bytes) => new(at, FaultKind.Drop) { Count = bytes };

    /// <summary>So many bytes pass twice.</summary>
    public static Fault Duplicate(FaultPoint at, int bytes) => new(at, FaultKind.Duplicate) { Count = bytes };

    /// <summary>Something is done before the next byte passes.</summary>
    public static Fault Do(FaultPoint at, Func<Task> action) => new(at, FaultKind.Action) { Action = action };
}

/// <summary>What a <see cref="Fault"/> does.</summary>
internal enum FaultKind
{
    Reset,
    Close,
    Silence,
    SilenceOneWay,
    Stall,
    Flip,
    Drop,
    Duplicate,
    Action,
}

/// <summary>What happens to one connection. Immutable.</summary>
internal sealed record ConnectionScript
{
    /// <summary>Nothing.</summary>
    public static ConnectionScript Clean { get; } = new();

    /// <summary>The connection is accepted, and nothing is ever passed on or said.</summary>
    public static ConnectionScript BlackHole { get; } = new() { AtConnect = ConnectFault.BlackHole };

    /// <summary>What happens before any byte passes.</summary>
    public ConnectFault AtConnect { get; init; }

    /// <summary>What happens on the way from the client to the server.</summary>
    public IReadOnlyList<Fault> Up { get; init; } = [];

    /// <summary>What happens on the way back.</summary>
    public IReadOnlyList<Fault> Down { get; init; } = [];

    /// <summary>The most bytes that pass at a time, each way.</summary>
    public int DribbleBytes { get; init; } = int.MaxValue;

    /// <summary>The pause between two of those.</summary>
    public TimeSpan DribblePause { get; init; }
}

/// <summary>What happens to a connection before any byte passes.</summary>
internal enum ConnectFault
{
    None,
    BlackHole,
    Reset,
    Close,
}

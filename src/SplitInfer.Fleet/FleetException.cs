namespace SplitInfer.Fleet;

/// <summary>The root of the errors of a fleet. None of them concerns a request.</summary>
public abstract class FleetException : SplitInferException
{
    /// <summary>Creates the error.</summary>
    private protected FleetException(string message, Exception? inner = null) : base(message, inner) { }
}

/// <summary>The coordinator could not be asked, or has not answered in time. Ask again later: a node moves its price itself meanwhile.</summary>
public sealed class FleetUnavailableException : FleetException
{
    internal FleetUnavailableException(string message, Exception? inner = null) : base(message, inner) { }
}

/// <summary>A silo cannot start, since another program listens at one of its ports.</summary>
public sealed class FleetPortException : FleetException
{
    internal FleetPortException(string message) : base(message) { }
}

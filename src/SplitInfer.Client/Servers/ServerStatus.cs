namespace SplitInfer.Client.Servers;

/// <summary>Whether one server of a client can be used. Immutable.</summary>
/// <param name="Name">What the options call it, or its address.</param>
/// <param name="IsUsable">Whether requests may use it now. A policy that learns does not use a server before it has answered for the first time.</param>
/// <param name="Failure">Why it cannot be used, as last seen; null where it answers or was not asked yet.</param>
public sealed record ServerStatus(string Name, bool IsUsable, Exception? Failure);

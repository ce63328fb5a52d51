namespace SplitInfer.Policies.Experience;

/// <summary>The sessions that may still bring a rating: the last ones, in a ring. Not thread-safe.</summary>
internal sealed class OpenSessions
{
    /// <summary>How many sessions may be open.</summary>
    public const int Capacity = 32;

    private readonly Session[] _ring = new Session[Capacity];
    private int _next;

    /// <summary>The session of an id; a null reference where there is none.</summary>
    public ref Session Find(long id)
    {
        foreach (ref var session in _ring.AsSpan())
            if (session.IsOpen && session.Id == id) return ref session;
        return ref System.Runtime.CompilerServices.Unsafe.NullRef<Session>();
    }

    /// <summary>The place of the next session; the one that is there, the oldest, may still be open.</summary>
    public ref Session Next()
    {
        ref var session = ref _ring[_next];
        _next = (_next + 1) % Capacity;
        return ref session;
    }
}

/// <summary>A session.</summary>
internal struct Session
{
    /// <summary>Its id.</summary>
    public long Id;

    /// <summary>Whether it may still bring a rating.</summary>
    public bool IsOpen;

    /// <summary>The choice that was made for it.</summary>
    public ExperienceChoice Choice;

    /// <summary>The device when it began.</summary>
    public DeviceFeatures Device;

    /// <summary>The variant that was chosen, or has answered in its place.</summary>
    public VariantFeatures Variant;

    /// <summary>The signal that says most of those that were seen.</summary>
    public ImplicitSignal Signal;

    /// <summary>Whether its user was asked.</summary>
    public bool IsAsked;
}

using System.Runtime.CompilerServices;

namespace SplitInfer.Server.Scheduling;

/// <summary>When tails of each model last ran with success. Thread-safe.</summary>
/// <param name="time">The clock.</param>
internal sealed class RunHealth(TimeProvider time)
{
    // Models are compared by reference, and forgotten with their last lease.
    private readonly ConditionalWeakTable<object, StrongBox<long>> _succeeded = [];

    /// <summary>A tail of a model has run with success.</summary>
    /// <param name="model">The version of the model, as in <see cref="TailJobTerms.Model"/>.</param>
    /// <param name="at">When, as a timestamp.</param>
    public void Succeeded(object model, long at) => Volatile.Write(ref _succeeded.GetOrCreateValue(model).Value, at);

    /// <summary>How long ago a tail of a model last ran with success; null where none ever has.</summary>
    public TimeSpan? AgeOf(object model) => _succeeded.TryGetValue(model, out var at) ? time.GetElapsedTime(Volatile.Read(ref at.Value)) : null;
}

using SplitInfer.Codecs;
using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>How a model is calibrated. Not changed while a <see cref="Calibrator"/> uses it.</summary>
public sealed class CalibrationOptions
{
    /// <summary>The codecs to try. All that come with SplitInfer unless set.</summary>
    public IReadOnlyList<ITensorCodec> Codecs { get; set; } = [.. CodecRegistry.Default.All];

    /// <summary>The right class of each sample, which says how accurate the model is with a codec and without; null (the default) where it is not known.</summary>
    public IReadOnlyList<int>? Labels { get; set; }

    /// <summary>
    /// The most samples that run at a time; the result does not depend on it. As many as the machine has cores unless set, which goes with one
    /// thread a run.
    /// </summary>
    public int MaxConcurrency { get; set; } = Environment.ProcessorCount;

    /// <summary>How ONNX Runtime runs heads and tails. One thread a run unless set.</summary>
    public ExecutionOptions Execution { get; set; } = new() { IntraOpThreads = 1 };

    /// <summary>The clock by which codecs are timed; that of the machine unless set.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks that the options make sense.</summary>
    /// <exception cref="ArgumentException">They do not; the message says which and why.</exception>
    public void Validate()
    {
        if (Codecs is not { Count: > 0 }) throw new ArgumentException($"{nameof(Codecs)} is empty; name at least one codec.");
        if (MaxConcurrency < 1) throw new ArgumentException($"{nameof(MaxConcurrency)} is {MaxConcurrency}; it can be 1 or more.");
        if (Execution is null) throw new ArgumentException($"{nameof(Execution)} is null; leave it out for the defaults.");
        if (TimeProvider is null) throw new ArgumentException($"{nameof(TimeProvider)} is null; leave it out for the clock of the machine.");
        Execution.Validate();
    }
}

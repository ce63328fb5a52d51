using SplitInfer.Codecs;
using SplitInfer.Execution;

namespace SplitInfer.Tailoring.Calibration;

/// <summary>How a model is calibrated. Must not change while a <see cref="Calibrator"/> uses it.</summary>
public sealed class CalibrationOptions
{
    /// <summary>The codecs to measure. All codecs of SplitInfer unless set.</summary>
    public IReadOnlyList<ITensorCodec> Codecs { get; set; } = [.. CodecRegistry.Default.All];

    /// <summary>The correct class of each sample, to measure the accuracy of the model with and without a codec; null (the default) if unknown.</summary>
    public IReadOnlyList<int>? Labels { get; set; }

    /// <summary>
    /// The largest number of samples that run at the same time; it does not affect the result. The number of cores unless set, which suits one
    /// thread for each run.
    /// </summary>
    public int MaxConcurrency { get; set; } = Environment.ProcessorCount;

    /// <summary>How ONNX Runtime runs heads and tails. One thread for each run unless set.</summary>
    public ExecutionOptions Execution { get; set; } = new() { IntraOpThreads = 1 };

    /// <summary>The clock for timing codecs; the system's unless set.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks that the options are valid.</summary>
    /// <exception cref="ArgumentException">They are not; the message names the option and the reason.</exception>
    public void Validate()
    {
        if (Codecs is not { Count: > 0 }) throw new ArgumentException($"{nameof(Codecs)} is empty; name at least one codec.");
        if (MaxConcurrency < 1) throw new ArgumentException($"{nameof(MaxConcurrency)} is {MaxConcurrency}; it can be 1 or more.");
        if (Execution is null) throw new ArgumentException($"{nameof(Execution)} is null; leave it out for the defaults.");
        if (TimeProvider is null) throw new ArgumentException($"{nameof(TimeProvider)} is null; leave it out for the clock of the machine.");
        Execution.Validate();
    }
}

namespace SplitInfer.Calibration;

/// <summary>A calibration file cannot be used: it is damaged, no calibration at all, or of another model. The message says which, and what to do next.</summary>
public sealed class InvalidCalibrationException : SplitInferException
{
    internal InvalidCalibrationException(string message, Exception? inner = null) : base(message, inner) { }
}

namespace SplitInfer.Calibration;

/// <summary>A calibration file cannot be used: it is damaged, not a calibration, or of another model. The message has the reason and a remedy.</summary>
public sealed class InvalidCalibrationException : SplitInferException
{
    internal InvalidCalibrationException(string message, Exception? inner = null) : base(message, inner) { }
}

using SplitInfer.Tensors;

namespace VideoStream.Video;

/// <summary>Makes the same film every time: scenes of 15 to 40 frames with cuts between them.</summary>
internal sealed class Camera
{
    /// <summary>A frame that is less like the last one is a key frame.</summary>
    private const double KeySimilarity = 0.8;

    private readonly Random _random = new(2021);
    private readonly int _height;
    private readonly int _width;
    private Scene? _scene;
    private int _framesLeft;
    private VideoFrame? _last;

    /// <summary>Creates a camera with the image size of a model.</summary>
    /// <param name="input">Float images, 1 × 3 × height × width.</param>
    /// <exception cref="NotSupportedException">The model has another kind of input.</exception>
    public Camera(TensorSpec input)
    {
        if (input is not { Type: ElementType.Float32, IsStatic: true } || input.Shape.Dimensions is not [1, 3, >= 8, >= 8])
            throw new NotSupportedException($"The model takes {input}; this sample streams 1×3×H×W images of 32-bit floats. Choose another --model.");
        (_height, _width) = ((int)input.Shape.Dimensions[2], (int)input.Shape.Dimensions[3]);
    }

    /// <summary>Takes the next frame, and decides whether it is a key frame.</summary>
    public VideoFrame Next(out bool isKey)
    {
        if (_framesLeft-- == 0 || _scene is null) (_scene, _framesLeft) = (new(_random, _height, _width), _random.Next(14, 40));
        var frame = _scene.Next();
        isKey = _last is null || StructuralSimilarity.Between(_last, frame) < KeySimilarity;
        _last = frame;
        return frame;
    }

    /// <summary>The picture as input for the model: planes of red, green and blue, centred on zero.</summary>
    public static TensorValue ToTensor(VideoFrame frame)
    {
        var tensor = TensorValue.Allocate(ElementType.Float32, new(1, 3, frame.Height, frame.Width));
        var values = tensor.Span<float>();
        var pixels = frame.Luma.Length;
        for (var colour = 0; colour < 3; colour++)
            for (var pixel = 0; pixel < pixels; pixel++)
                values[colour * pixels + pixel] = (frame.Rgb[3 * pixel + colour] - 127.5f) / 64;
        return tensor;
    }
}

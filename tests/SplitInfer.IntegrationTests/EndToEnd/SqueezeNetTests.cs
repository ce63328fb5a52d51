using SplitInfer.Client;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>Real weights, real photographs, two real processes.</summary>
public class SqueezeNetTests
{
    private const double Top1 = 0.65;

    [SharedFact]
    public async Task Accuracy_on_photographs_is_that_of_the_whole_model_at_every_arm()
    {
        using var folder = new TestFolder();
        File.Copy(SharedData.Model("squeezenet_fp32.onnx"), folder["squeezenet/1/model.onnx"]);
        using var server = await ServerProcess.StartAsync(folder.Path, "--threads", "1");
        var options = new SplitInferenceOptions { ModelPath = folder["squeezenet/1/model.onnx"], Server = server.Address };
        options.Execution.IntraOpThreads = 1;
        await using var client = await SplitInferenceClient.CreateAsync(options);
        using var images = NpyFile.Read(SharedData.Data("imagenet200_nhwc_u8.npy"));
        using var labels = NpyFile.Read(SharedData.Data("imagenet200_labels_i64.npy"));

        foreach (var arm in client.Plan.Arms)
        {
            var correct = 0;
            for (var i = 0; i < labels.Shape.ElementCount; i++)
            {
                using var input = Photograph(images, i);
                using var result = await client.InferAsync(input, new() { Partition = arm.Index });
                if (IndexOfMax(result.Outputs[0].Span<float>()) == labels.Span<long>()[i]) correct++;
            }

            Assert.Equal(Top1, correct / (double)labels.Shape.ElementCount, tolerance: 1e-9);
        }
    }

    /// <summary>Height × width × RGB bytes to 1 × BGR × height × width floats with the mean of the training set taken off.</summary>
    private static Tensor Photograph(Tensor images, int index)
    {
        const int Pixels = 224 * 224;
        ReadOnlySpan<float> mean = [104, 117, 123];
        var tensor = Tensor.Allocate(ElementType.Float32, new(1, 3, 224, 224));
        var from = images.Bytes.Span.Slice(index * Pixels * 3, Pixels * 3);
        var values = tensor.Span<float>();
        for (var channel = 0; channel < 3; channel++)
            for (var pixel = 0; pixel < Pixels; pixel++)
                values[channel * Pixels + pixel] = from[pixel * 3 + 2 - channel] - mean[channel];
        return tensor;
    }

    private static int IndexOfMax(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best]) best = i;
        return best;
    }
}

using SplitInfer.Client;
using SplitInfer.Imaging;
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
        using var photographs = new Photographs();

        foreach (var arm in client.Plan.Arms)
        {
            var correct = 0;
            for (var i = 0; i < photographs.Count; i++)
            {
                using var input = photographs.Read(i);
                using var result = await client.InferAsync(input, new() { Partition = arm.Index });
                if (IndexOfMax(result.Outputs[0].Span<float>()) == photographs.LabelOf(i)) correct++;
            }

            Assert.Equal(Top1, correct / (double)photographs.Count, tolerance: 1e-9);
        }
    }

    [SharedFact]
    public void The_preset_of_caffe_gives_what_the_model_takes()
    {
        // The photographs are cropped already.
        var preprocessing = ImagePreprocessing.ImageNetCaffe with { ShorterSide = 224 };
        using var photographs = new Photographs();
        for (var index = 0; index < photographs.Count; index += 50)
        {
            using var expected = photographs.Read(index);
            using var tensor = preprocessing.FromPixels(photographs.PixelsOf(index), 224, 224, PixelFormat.Rgb24);
            Assert.True(TensorDifference.Between(expected, tensor).IsBitExact);
        }
    }

    private static int IndexOfMax(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best]) best = i;
        return best;
    }
}

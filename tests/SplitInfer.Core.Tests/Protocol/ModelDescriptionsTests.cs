using Google.Protobuf;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Tensors;

namespace SplitInfer.Core.Tests.Protocol;

/// <summary>What a server says of a model is not taken for one where it could mislead who reads it.</summary>
public class ModelDescriptionsTests
{
    [Fact]
    public void A_description_gives_the_inputs_and_outputs_of_the_plan()
    {
        var plan = ModelDescriptions.Read(Describe());
        Assert.Equal(("x", ElementType.Float32), (plan.Inputs.Single().Name, plan.Inputs.Single().Type));
        Assert.Equal(("y", ElementType.Float32), (plan.Outputs.Single().Name, plan.Outputs.Single().Type));
    }

    [Theory]
    [InlineData("x\r\nInformation: all is well")]
    [InlineData("x\u001b[2J")]
    [InlineData("x\u202e")]
    [InlineData("x\ue000")]
    public void A_name_that_could_forge_a_line_or_move_a_cursor_is_refused(string name)
    {
        ExpectRefused("control characters", description => description.Inputs[0].Name = name);
        ExpectRefused("control characters", description => description.DeviceOutputs.Add(name));
        ExpectRefused("control characters", description => description.Inputs[0].Dimensions.Add(new DimensionDescription { Symbol = name }));
    }

    [Fact]
    public void An_output_of_another_type_than_it_is_made_with_is_refused() =>
        ExpectRefused("another type", static description => description.Outputs[0].Type = (uint)ElementType.Int64);

    private static ModelDescription Describe()
    {
        var fingerprint = ByteString.CopyFrom(new byte[Fingerprint.Size]);
        return new() { ModelFingerprint = fingerprint, PlanFingerprint = fingerprint, Inputs = { Value("x") }, Boundary = { 0 }, TailOutputs = { Value("y") }, Outputs = { Value("y") } };

        static ValueDescription Value(string name) => new() { Name = name, Type = (uint)ElementType.Float32, Dimensions = { new DimensionDescription { Size = 4 } } };
    }

    private static void ExpectRefused(string words, Action<ModelDescription> change)
    {
        var description = Describe();
        change(description);
        Assert.Contains(words, Assert.Throws<ProtocolException>(() => ModelDescriptions.Read(description)).Message, StringComparison.Ordinal);
    }
}

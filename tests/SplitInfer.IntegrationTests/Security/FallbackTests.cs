using SplitInfer.Client;
using SplitInfer.Client.Transport;
using SplitInfer.IntegrationTests.EndToEnd;
using SplitInfer.Policies;
using SplitInfer.Protocol;
using SplitInfer.Testing;
using SplitInfer.Testing.Certificates;
using SplitInfer.Testing.Networks;

namespace SplitInfer.IntegrationTests.Security;

/// <summary>A server that is not trusted, or does not know the client, costs no request: the device answers.</summary>
public sealed class FallbackTests
{
    private const string Key = "fallback-key-0123456789";

    public static TheoryData<string, bool> Faults
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (var fault in (string[])["expired", "wrong host", "untrusted", "no client certificate", "no key", "wrong key", "unreadable key"])
            {
                data.Add(fault, true);
                data.Add(fault, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_device_answers_and_the_result_says_why(string fault, bool learns)
    {
        using var folder = new TestFolder();
        using var authority = new TestAuthority(folder);
        using var other = new TestAuthority(folder, "other");
        var certificate = fault switch
        {
            "expired" => authority.Issue("server", fromDays: -3, toDays: -1),
            "wrong host" => authority.Issue("server", host: "elsewhere.example"),
            "untrusted" => other.Issue("server"),
            _ => authority.Issue("server"),
        };
        await File.WriteAllTextAsync(folder["keys"], $"phone {Key}");
        await using var deployment = await Deployment.StartAsync(ResNet18.Build(size: 32, classes: 10, width: 8).ToBytes(), server =>
        {
            server.Listen.Clear();
            server.Listen.Add(new("tls://127.0.0.1:0"));
            (server.Security.CertificateFile, server.Security.CertificateKeyFile, server.Security.KeysFile) = (certificate.CertificateFile, certificate.KeyFile, folder["keys"]);
            if (fault == "no client certificate") server.Security.ClientCaFile = authority.CaFile;
        });
        await using var client = await deployment.ConnectAsync(options =>
        {
            var security = options.Transport.Security;
            security.CaFile = authority.CaFile;
            if (fault == "unreadable key") security.KeyFile = folder["none"];
            else security.Key = fault switch { "no key" => null, "wrong key" => "another-key-0123456789", _ => Key };
            options.Policy = learns ? PolicyNames.MuLinUcb : PolicyNames.Fixed;
            if (!learns) options.Partition = 0;
        });
        using var input = RandomTensor.Normal(new Random(1), client.Plan.Inputs[0].Type, client.Plan.Inputs[0].Shape.Dimensions);
        await using var alone = await deployment.ConnectAsync(static options => options.Server = null);
        using var expected = await alone.InferAsync(input);
        for (var request = 0; request < 3; request++)
        {
            using var result = await client.InferAsync(input);
            Assert.Equal(InferenceSource.Device, result.Source);
            Assert.True(result.Outputs[0].Bytes.Span.SequenceEqual(expected.Outputs[0].Bytes.Span));
        }

        for (var attempt = 0; client.ServerFailure is null && attempt < 1500; attempt++) await Task.Delay(20);
        if (fault.EndsWith("key", StringComparison.Ordinal) && fault != "unreadable key") Assert.Equal(RefusalCode.Unauthorized, Assert.IsType<TailRefusedException>(client.ServerFailure).Code);
        else Assert.IsType<ServerUnreachableException>(client.ServerFailure);
    }
}

using System.Diagnostics;
using k8s;
using k8s.Models;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.Deploy;

/// <summary>The manifests for Kubernetes, read by its own client and put together by its own tool.</summary>
public class KubernetesTests
{
    private const string Folder = "deploy/kubernetes", Label = "app.kubernetes.io/name", Name = "splitinfer";

    public static TheoryData<string> Manifests => [.. Directory.EnumerateFiles(Repository.PathOf(Folder), "*.yaml").Select(static file => Path.GetFileName(file)).Where(static name => name != "kustomization.yaml").Order()];

    [Theory]
    [MemberData(nameof(Manifests))]
    public void Each_manifest_has_nothing_that_Kubernetes_does_not_know(string file) =>
        Assert.All(KubernetesYaml.LoadAllFromString(File.ReadAllText(Repository.PathOf($"{Folder}/{file}")), strict: true), static one => Assert.IsAssignableFrom<IMetadata<V1ObjectMeta>>(one));

    [Fact]
    public void A_manifest_with_a_word_that_Kubernetes_does_not_know_is_found()
    {
        var manifest = File.ReadAllText(Repository.PathOf($"{Folder}/deployment.yaml"));
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString(manifest.Replace("fsGroup:", "fileGroup:", StringComparison.Ordinal), strict: true));
    }

    [ProgramFact("kubectl")]
    public async Task Put_together_they_fit_each_other_and_the_image()
    {
        using var copy = new TestFolder();
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf(Folder), "*.yaml")) File.Copy(file, copy[Path.GetFileName(file)]);
        Assert.Contains("secrets/tls.crt", (await KustomizeAsync(copy.Path)).Errors, StringComparison.Ordinal); // no server without keys of its own
        foreach (var secret in (string[])["tls.crt", "tls.key", "keys"]) File.WriteAllText(copy[$"secrets/{secret}"], "secret");

        var (yaml, errors) = await KustomizeAsync(copy.Path);
        Assert.Empty(errors);
        var all = KubernetesYaml.LoadAllFromString(yaml, strict: true);
        var deployment = all.OfType<V1Deployment>().Single();
        var pod = deployment.Spec.Template;
        Assert.Equal(Name, pod.Metadata.Labels[Label]);
        Assert.Equal(Name, deployment.Spec.Selector.MatchLabels[Label]);
        Assert.Equal(Name, all.OfType<V1Service>().Single().Spec.Selector[Label]);
        Assert.Equal(Name, all.OfType<V1PodDisruptionBudget>().Single().Spec.Selector.MatchLabels[Label]);
        var network = all.OfType<V1NetworkPolicy>().Single().Spec;
        Assert.Equal(Name, network.PodSelector.MatchLabels[Label]);
        Assert.Equal([new("splitinfer-client", "true")], network.Ingress.Single().FromProperty.Single().PodSelector.MatchLabels);
        Assert.Equal(deployment.Metadata.Name, all.OfType<V2HorizontalPodAutoscaler>().Single().Spec.ScaleTargetRef.Name);

        var volumes = pod.Spec.Volumes.ToDictionary(static volume => volume.Name);
        var (claim, secrets) = (all.OfType<V1PersistentVolumeClaim>().Single(), all.OfType<V1Secret>().Single());
        Assert.Equal(claim.Metadata.Name, volumes["models"].PersistentVolumeClaim.ClaimName);
        Assert.Equal(secrets.Metadata.Name, volumes["tls"].Secret.SecretName);
        var server = pod.Spec.Containers.Single();
        Assert.All(server.Args.Where(static argument => argument.StartsWith("/tls/", StringComparison.Ordinal)), argument => Assert.Contains(argument["/tls/".Length..], secrets.Data.Keys));

        // The probe is the health check of the image, and the account is the image's.
        var image = File.ReadAllText(Repository.PathOf("deploy/Dockerfile"));
        Assert.Contains($"CMD [{string.Join(", ", server.LivenessProbe.Exec.Command.Select(static word => $"\"{word}\""))}]", image, StringComparison.Ordinal);
        Assert.Contains($"USER {pod.Spec.SecurityContext.RunAsUser}:{pod.Spec.SecurityContext.RunAsGroup}", image, StringComparison.Ordinal);
    }

    private static async Task<(string Output, string Errors)> KustomizeAsync(string folder)
    {
        using var kubectl = Process.Start(new ProcessStartInfo(ProgramFactAttribute.PathOf("kubectl")!, ["kustomize", folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (kubectl.StandardOutput.ReadToEndAsync(), kubectl.StandardError.ReadToEndAsync());
        await kubectl.WaitForExitAsync();
        return (await output, await errors);
    }
}

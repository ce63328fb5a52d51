using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SplitInfer.Cli.Benchmarks;

/// <summary>A certificate for the loopback interface, which signs itself, in a file that lasts as long as a benchmark.</summary>
internal sealed class BenchmarkCertificate : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("splitinfer-bench-");

    public BenchmarkCertificate(TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - Life, now + Life);
        File = Path.Combine(_folder.FullName, "server.pem");
        System.IO.File.WriteAllText(File, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
    }

    /// <summary>The certificate and its key.</summary>
    public string File { get; }

    public void Dispose() => _folder.Delete(recursive: true);
}

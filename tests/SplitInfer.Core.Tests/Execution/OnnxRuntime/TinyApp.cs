using System.Diagnostics;
using System.IO.Compression;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Testing;

namespace SplitInfer.Core.Tests.Execution.OnnxRuntime;

/// <summary>
/// An application of a few lines that prints which library it uses, built against a feed that holds nothing but a package of the
/// layout of Microsoft.ML.OnnxRuntime. Everything lies in a folder of its own, package cache included.
/// </summary>
public sealed class TinyApp : IDisposable
{
    private const string PackageVersion = "1.99.0";

    private readonly TestFolder _folder = new();

    public TinyApp()
    {
        Pack();
        File.WriteAllText(_folder["app/nuget.config"], """
            <configuration>
              <packageSources><clear /><add key="local" value="../feed" /></packageSources>
              <fallbackPackageFolders><clear /></fallbackPackageFolders>
            </configuration>
            """);
        File.WriteAllText(_folder["app/Directory.Build.props"], "<Project />");
        File.WriteAllText(_folder["app/Directory.Packages.props"], """
            <Project>
              <PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup>
              <ItemGroup><PackageVersion Include="Microsoft.ML.OnnxRuntime" Version="1.30.0" /></ItemGroup>
            </Project>
            """);
        File.WriteAllText(_folder["app/app.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><UseAppHost>false</UseAppHost></PropertyGroup>
              <ItemGroup><Reference Include="{typeof(ExecutionOptions).Assembly.Location}" /></ItemGroup>
              <Import Project="{Targets}" />
            </Project>
            """);
        File.WriteAllText(_folder["app/Program.cs"], """
            using System;
            try { Console.WriteLine(SplitInfer.Execution.OnnxRuntimeInfo.Load().LibraryPath); }
            catch (SplitInfer.SplitInferException e) { Console.WriteLine(e.GetType().Name + ": " + e.Message); }
            """);
        Output = Dotnet([], "build", _folder["app/app.csproj"], "-o", Built, "-v", "q", "-nodeReuse:false", "-p:UseSharedCompilation=false",
            "-p:OnnxRuntimeNative=nuget", $"-p:OnnxRuntimeVersion={PackageVersion}");
    }

    /// <summary>What the build printed.</summary>
    public string Output { get; }

    /// <summary>The library where the build put it.</summary>
    public string PackageLibrary => OrtLibraryFile.OfApplication(Built, []).Last();

    /// <summary>Where the build put the application.</summary>
    public string Built => Path.Combine(_folder.Path, "built");

    /// <summary>Copies the application without any library.</summary>
    public string Bare()
    {
        var bare = Directory.CreateDirectory(Path.Combine(_folder.Path, Path.GetRandomFileName())).FullName;
        foreach (var name in new[] { "app.dll", "app.runtimeconfig.json", "SplitInfer.Core.dll" })
            File.Copy(Path.Combine(Built, name), Path.Combine(bare, name));
        return bare;
    }

    /// <summary>Runs the application of a folder and gives what it prints.</summary>
    public string Run(string folder, string? library = null) =>
        Dotnet(library is null ? [] : [("SPLITINFER_ONNXRUNTIME", library)], Path.Combine(folder, "app.dll"));

    public void Dispose() => _folder.Dispose();

    private static string Targets
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "native", "OnnxRuntime.targets"))) folder = folder.Parent;
            return Path.Combine(folder.FullName, "native", "OnnxRuntime.targets");
        }
    }

    private void Pack()
    {
        using var package = ZipFile.Open(_folder[$"feed/Microsoft.ML.OnnxRuntime.{PackageVersion}.nupkg"], ZipArchiveMode.Create);
        using (var spec = new StreamWriter(package.CreateEntry("Microsoft.ML.OnnxRuntime.nuspec").Open()))
        {
            spec.Write($"""
                <package><metadata>
                  <id>Microsoft.ML.OnnxRuntime</id><version>{PackageVersion}</version><authors>tests</authors><description>Same layout.</description>
                </metadata></package>
                """);
        }

        var place = Path.GetRelativePath("/", OrtLibraryFile.OfApplication("/", []).Last()).Replace('\\', '/');
        package.CreateEntryFromFile(OnnxRuntimeInfo.Load().LibraryPath, place, CompressionLevel.NoCompression);
    }

    private string Dotnet((string Name, string Value)[] variables, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment.Remove("SPLITINFER_ONNXRUNTIME");
        start.Environment["NUGET_PACKAGES"] = Path.Combine(_folder.Path, "packages");
        foreach (var (name, value) in variables) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output + errors.Result).Trim();
    }
}

using System.Xml.Linq;
using MailCluster.Deployment.Tests.Support;
using MailCluster.Support;

namespace MailCluster.Deployment.Tests.Image;

public class DockerfileTests
{
    private static readonly Dockerfile s_file = Dockerfile.Read();

    [Fact]
    public void Is_built_in_one_stage_and_runs_without_shell_and_root_in_another()
    {
        Assert.Equal(2, s_file.Stages.Count);
        Assert.StartsWith("mcr.microsoft.com/dotnet/sdk:10.0 ", s_file.Stages[0][0].Words, StringComparison.Ordinal);
        Assert.StartsWith("mcr.microsoft.com/dotnet/aspnet:10.0-", s_file.One("FROM"), StringComparison.Ordinal);
        Assert.EndsWith("-chiseled", s_file.One("FROM"), StringComparison.Ordinal);
        Assert.Equal("1654", s_file.One("USER"));
        Assert.Equal(["dotnet", "/app/mailcluster.dll"], s_file.EntryPoint);
        Assert.DoesNotContain(s_file.Final, line => line.Instruction is "RUN" or "CMD");
    }

    [Fact]
    public void Restores_every_project_that_is_built()
    {
        var projects = Projects("src/Node/Node.csproj").Distinct().Order(StringComparer.Ordinal);
        var copied = s_file.Stages[0].Where(line => line.Instruction == "COPY" && line.Words.Contains(".csproj ", StringComparison.Ordinal)).Select(line => line.Words.Split(' ')[0]).Order(StringComparer.Ordinal);
        Assert.Equal(projects, copied);

        static IEnumerable<string> Projects(string project) => XDocument.Load(SourceTree.Find(project)).Descendants("ProjectReference")
            .Select(reference => Path.GetRelativePath(SourceTree.Find(""), Path.GetFullPath(Path.Combine(Path.GetDirectoryName(SourceTree.Find(project))!, reference.Attribute("Include")!.Value))))
            .SelectMany(Projects).Append(project);
    }

    [Fact]
    public void Copies_only_what_the_context_has()
    {
        var allowed = File.ReadAllLines(SourceTree.Find(".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..]).ToArray();
        var copied = s_file.Stages[0].Where(line => line.Instruction == "COPY").SelectMany(line => line.Words.Split(' ')[..^1]).ToArray();
        Assert.All(copied, path => Assert.Contains(path.Split('/')[0], allowed));
        Assert.All(copied, path => Assert.True(Path.Exists(SourceTree.Find(path)), path));
        Assert.Contains("*", File.ReadAllLines(SourceTree.Find(".dockerignore")));
    }

    [Fact]
    public void Exposes_the_ports_of_the_manifests_and_runs_as_their_user()
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/base"));
        Assert.Equal(all.Container.Ports.Select(port => port.ContainerPort).Order(), s_file.One("EXPOSE").Split(' ').Select(int.Parse).Order());
        Assert.Equal(all.Pod.SecurityContext.RunAsUser.ToString(), s_file.One("USER"));
    }
}

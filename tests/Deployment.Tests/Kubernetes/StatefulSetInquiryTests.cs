using MailCluster.Actors.Handover;
using MailCluster.Node.Kubernetes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MailCluster.Deployment.Tests.Kubernetes;

/// <summary>The real client against a server that speaks the calls it makes.</summary>
public class StatefulSetInquiryTests
{
    private static Task<StatefulSetAnswer> AskAsync(ServiceAccount account, double limit = 20, double patience = 10) =>
        new StatefulSetInquiry(account, TimeSpan.FromSeconds(limit), TimeSpan.FromSeconds(patience), TimeProvider.System).AskAsync("mailcluster", TestContext.Current.CancellationToken);

    private static string Reason(StatefulSetAnswer answer) => Assert.IsType<StatefulSetAnswer.Unknown>(answer).Reason;

    [Theory]
    [InlineData(",\"replicas\":3", 0, 3)]
    [InlineData(",\"replicas\":0", 0, 0)]
    [InlineData("", 0, 1)]
    [InlineData(",\"replicas\":4,\"ordinals\":{\"start\":2}", 2, 4)]
    public async Task Reads_how_many_pods_are_wanted(string spec, int first, int replicas)
    {
        await using var server = await ApiServer.StartAsync(spec);
        Assert.Equal(new StatefulSetAnswer.Stays(first, replicas), await AskAsync(server.Account));
        Assert.Equal(["GET /apis/apps/v1/namespaces/mail/statefulsets/mailcluster"], server.Requests);
    }

    [Fact]
    public async Task A_set_with_a_deletion_timestamp_is_being_deleted()
    {
        await using var server = await ApiServer.StartAsync(",\"replicas\":3", ",\"deletionTimestamp\":\"2026-11-25T10:00:00Z\",\"finalizers\":[\"foregroundDeletion\"]");
        Assert.Equal(new StatefulSetAnswer.Deleted("is being deleted"), await AskAsync(server.Account));
    }

    [Fact]
    public async Task A_set_that_is_not_there_is_deleted()
    {
        await using var server = await ApiServer.StartAsync(context => ApiServer.WriteAsync(context, 404, """{"kind":"Status","code":404,"reason":"NotFound"}"""));
        Assert.Equal(new StatefulSetAnswer.Deleted("is not there any more"), await AskAsync(server.Account));
    }

    [Fact]
    public async Task A_role_that_does_not_allow_it_is_said_at_once()
    {
        await using var server = await ApiServer.StartAsync(context => ApiServer.WriteAsync(context, 403, """{"kind":"Status","code":403,"reason":"Forbidden"}"""));
        Assert.Contains("403 to \"get statefulsets/mailcluster\" in namespace mail: the service account's Role does not allow it", Reason(await AskAsync(server.Account)), StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task What_passes_is_asked_again()
    {
        var asked = 0;
        await using var server = await ApiServer.StartAsync(context => Interlocked.Increment(ref asked) switch
        {
            1 => ApiServer.WriteAsync(context, 503, "{}"),
            2 => Reset(context),
            3 => ApiServer.WriteAsync(context, 429, "{}"),
            _ => ApiServer.WriteAsync(context, 200, """{"metadata":{"name":"mailcluster"},"spec":{"replicas":5}}"""),
        });
        Assert.Equal(new StatefulSetAnswer.Stays(0, 5), await AskAsync(server.Account));
        Assert.Equal(4, asked);

        static Task Reset(HttpContext context)
        {
            context.Abort();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up_within_the_limit()
    {
        await using var server = await ApiServer.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        Assert.Contains("does not answer in time", Reason(await AskAsync(server.Account, limit: 2, patience: 0.3)), StringComparison.Ordinal);
        Assert.InRange(server.Requests.Count, 2, 7);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_not_believed()
    {
        await using var server = await ApiServer.StartAsync(",\"replicas\":1");
        await using var other = await ApiServer.StartAsync(",\"replicas\":1");
        File.Copy(other.PathOf("ca.crt"), server.PathOf("ca.crt"), overwrite: true);
        Assert.Contains("cannot be asked", Reason(await AskAsync(server.Account, limit: 1)), StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_token_that_is_not_accepted_is_said()
    {
        await using var server = await ApiServer.StartAsync(",\"replicas\":1");
        await File.WriteAllTextAsync(server.PathOf("token"), "of-another", TestContext.Current.CancellationToken);
        Assert.Contains("does not accept the service account's token", Reason(await AskAsync(server.Account, limit: 1)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_listening_is_said()
    {
        await using var server = await ApiServer.StartAsync("");
        var account = server.Account;
        await server.DisposeAsync();
        Assert.Contains("missing", Reason(await AskAsync(account)), StringComparison.Ordinal);
        await using var other = await ApiServer.StartAsync("");
        Assert.Contains("cannot be asked", Reason(await AskAsync(other.Account with { Port = "1" }, limit: 1)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("ca.crt")]
    [InlineData("namespace")]
    public async Task A_service_account_that_is_not_mounted_is_said(string file)
    {
        await using var server = await ApiServer.StartAsync("");
        File.Delete(server.PathOf(file));
        Assert.Contains($"{server.PathOf(file)} is missing", Reason(await AskAsync(server.Account)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authority_that_is_no_certificate_is_said()
    {
        await using var server = await ApiServer.StartAsync("");
        await File.WriteAllTextAsync(server.PathOf("ca.crt"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", TestContext.Current.CancellationToken);
        Assert.Contains("cannot be used", Reason(await AskAsync(server.Account)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outside_Kubernetes_nobody_is_asked()
    {
        await using var server = await ApiServer.StartAsync("");
        Assert.Contains("KUBERNETES_SERVICE_HOST", Reason(await AskAsync(server.Account with { Host = null })), StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Whoever_asks_may_end_it()
    {
        await using var server = await ApiServer.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var end = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var answer = await new StatefulSetInquiry(server.Account, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeProvider.System).AskAsync("mailcluster", end.Token);
        Assert.Contains("has not answered", Reason(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_node_of_a_StatefulSet_has_the_question_and_its_answer_is_the_decision()
    {
        await using var server = await ApiServer.StartAsync(",\"replicas\":3");
        Assert.IsType<HandoverWish.No>(await Question("mailcluster-2")!(TestContext.Current.CancellationToken));
        Assert.IsType<HandoverWish.Yes>(await Question("mailcluster-3")!(TestContext.Current.CancellationToken));
        Assert.IsType<HandoverWish.No>(await Question("laptop")!(TestContext.Current.CancellationToken));
        Assert.Null(Question("mailcluster-3", service: ""));

        HandoverQuestion? Question(string machine, string service = "mailcluster-nodes")
        {
            var services = new ServiceCollection().AddSingleton(TimeProvider.System);
            KubernetesWiring.Add(services, service, machine, server.Account);
            return services.BuildServiceProvider().GetService<HandoverQuestion>();
        }
    }
}

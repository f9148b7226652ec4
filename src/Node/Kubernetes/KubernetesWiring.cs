using MailCluster.Actors.Handover;

namespace MailCluster.Node.Kubernetes;

/// <summary>Lets Kubernetes say whether a node that stops goes for good.</summary>
internal static class KubernetesWiring
{
    /// <summary>Registers the question for a node of a StatefulSet; for any other there is none, and its mail waits for its restart.</summary>
    /// <param name="services">Where.</param>
    /// <param name="service"><c>cluster.service</c>: only in a StatefulSet is there one.</param>
    /// <param name="machine">The machine's name, which is the pod's.</param>
    /// <param name="account">How the API is reached.</param>
    public static void Add(IServiceCollection services, string? service, string machine, ServiceAccount account)
    {
        if (!string.IsNullOrEmpty(service)) services.AddSingleton(provider => Question(machine, account, provider.GetRequiredService<TimeProvider>()));
    }

    private static HandoverQuestion Question(string machine, ServiceAccount account, TimeProvider time) => async cancellation =>
        PodName.TryParse(machine, out var pod)
            ? ScaleDown.Decide(pod, await new StatefulSetInquiry(account, StatefulSetInquiry.DefaultLimit, StatefulSetInquiry.DefaultPatience, time).AskAsync(pod.StatefulSet, cancellation))
            : new HandoverWish.No($"{machine} is not the name of a StatefulSet's pod");
}

using FsCheck.Xunit;

namespace MailCluster.Actors.Tests.Queue;

public sealed class QueueHistoryTests
{
    [Property(MaxTest = 100)]
    public void Every_recipient_has_one_owner_and_one_next_event_and_ends_once_the_world_recovers(int seed)
    {
        var simulation = new QueueSimulation(seed);
        simulation.Run(400);
        simulation.Heal();
    }

    [Property(MaxTest = 100)]
    public void Once_it_has_let_go_of_its_mail_the_queue_does_nothing_to_it_any_more(int seed)
    {
        var simulation = new QueueSimulation(seed);
        simulation.Run(400);
        simulation.LetGo();
    }

    [Fact]
    public void The_histories_are_eventful()
    {
        var (delivered, failed, notices, probes) = (0, 0, 0, 0);
        for (var seed = 0; seed < 20; seed++)
        {
            var simulation = new QueueSimulation(seed);
            simulation.Run(1000);
            simulation.Heal();
            delivered += simulation.Delivered;
            failed += simulation.Failed;
            notices += simulation.Notices;
            probes += simulation.Probes;
        }
        Assert.All([delivered, failed, notices, probes], count => Assert.InRange(count, 50, int.MaxValue));
    }
}

using Akka.Actor;
using Akka.TestKit.Xunit;
using MailCluster.Actors.Sessions;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Tests.Sessions;

public sealed class SessionActorTests : TestKit
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly ReceptionFixture _reception;

    public SessionActorTests() : base("akka.loglevel = ERROR") => _reception = new(system: Sys);

    [Fact]
    public async Task A_session_is_an_actor_of_its_own_that_ends_with_its_connection()
    {
        using var client = _reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>");
        var actor = await ActorAsync(1);
        Watch(actor);
        await client.HangUpAsync();
        await ExpectTerminatedAsync(actor, s_patience, cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_operator_ends_a_session_within_a_transaction()
    {
        using var client = _reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>", "DATA");
        (await ActorAsync(1)).Tell(new SessionProtocol.End());
        Assert.StartsWith("421 4.3.2 ", await client.ReplyAsync(), StringComparison.Ordinal);
        await client.ClosedAsync();
        Assert.Empty(await _reception.KeptAsync());
    }

    [Fact]
    public async Task A_connection_whose_actor_is_gone_is_told_and_does_not_wait()
    {
        using var client = _reception.Connect();
        await client.BeginAsync("MAIL FROM:<a@example.org>");     // which the actor has answered: it is there
        var actor = await ActorAsync(1);
        Watch(actor);
        Sys.Stop(actor);
        await ExpectTerminatedAsync(actor, s_patience, cancellationToken: TestContext.Current.CancellationToken);
        Assert.StartsWith("421 4.3.2 ", await client.ReplyAsync(), StringComparison.Ordinal);
        await client.ClosedAsync();
    }

    [Fact]
    public async Task A_question_to_an_actor_that_has_stopped_is_answered()
    {
        var ended = new TaskCompletionSource<Reply>();
        var handle = new SessionHandle(_reception.Reception, 77, reply => ended.TrySetResult(reply));
        handle.Open();
        Assert.Null(await handle.AskAsync(SessionSubject.Mail).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken));
        var actor = await ActorAsync(77);
        Watch(actor);
        Sys.Stop(actor);
        await ExpectTerminatedAsync(actor, s_patience, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Replies.NotAvailable, await handle.AskAsync(SessionSubject.EndOfData).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken));
        Assert.Equal(Replies.NotAvailable, await ended.Task.WaitAsync(s_patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Questions_are_answered_whenever_the_actor_stops()
    {
        for (var i = 0; i < 200; i++)
        {
            var handle = new SessionHandle(_reception.Reception, 1000 + i, static _ => { });
            handle.Open();
            var stop = Task.Run(handle.Close, TestContext.Current.CancellationToken);
            for (var asked = 0; asked < 20; asked++)
            {
                await handle.AskAsync(SessionSubject.Mail).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken);
            }
            await stop;
        }
    }

    [Fact]
    public async Task Refuses_mail_while_the_node_drains()
    {
        var handle = new SessionHandle(_reception.Reception, 78, static _ => { });
        handle.Open();
        await _reception.Reception.DrainAsync(CancellationToken.None);
        Assert.Equal(Replies.NotAvailable, await handle.AskAsync(SessionSubject.Mail).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken));
        Assert.Null(await handle.AskAsync(SessionSubject.EndOfData).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken));
        handle.Close();
    }

    protected override void AfterAll()
    {
        _reception.DisposeAsync().AsTask().Wait(s_patience);
        base.AfterAll();
    }

    private async Task<IActorRef> ActorAsync(long number) => await Sys.ActorSelection(_reception.Sessions.Path / $"session-{number}").ResolveOne(s_patience, TestContext.Current.CancellationToken);
}

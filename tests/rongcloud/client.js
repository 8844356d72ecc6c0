'use strict';
// Calls every method of npm's rongcloud-sdk, and prints its answers and the methods that it has.

const sdk = require('rongcloud-sdk')({
  appkey: process.env.APP_KEY,
  secret: process.env.APP_SECRET,
  api: process.env.BASE,
});
const answers = {};
const called = new Set();

// The answer of a method, by its path in the package; kept under that name, or another.
async function call(path, argument, name) {
  const parts = path.split('.');
  const method = parts.reduce((found, part) => found[part], sdk);
  called.add(path);
  const answer = await method(argument).catch((error) => ({ rejected: error }));
  answers[name || path] = answer;
  return answer;
}

function methods(found, path) {
  return Object.entries(found).flatMap(([name, value]) =>
    typeof value === 'function' ? [path + name] : methods(value, `${path}${name}.`)
  );
}

const ids = (...users) => users.map((id) => ({ id }));
const TEXT = { content: '你好', extra: 'say "hi" & = %' };
const message = (targetId, more) =>
  Object.assign({ senderId: 'ann', targetId, objectName: 'RC:TxtMsg', content: Object.assign({}, TEXT) }, more);
const template = (...users) => ({
  senderId: 'cat',
  objectName: 'RC:TxtMsg',
  template: { content: '{name}: {score}' },
  content: Object.fromEntries(users.map((id) => [id, { data: { '{name}': id, '{score}': '9' }, push: '{name}!' }])),
});
const uid = (answer) => answer.messageUIDs[0].messageUID;

async function main() {
  for (const id of ['ann', 'ben', 'cat', 'dan']) {
    await call('User.register', { id, name: `${id} 忘情水`, portrait: 'https://example.com/p.png' });
  }
  await call('User.update', { id: 'ann', name: 'Ann', portrait: 'https://example.com/ann.png' });
  await call('User.OnlineStatus.get', { id: 'ann' });
  await call('User.Block.add', { id: 'dan', minute: 10 });
  await call('User.Block.getList');
  await call('User.Block.remove', { id: 'dan' });
  await call('User.Blacklist.add', { id: 'ann', blacklist: ids('ben', 'cat') });
  await call('User.Blacklist.remove', { id: 'ann', blacklist: ids('cat') });
  await call('User.Blacklist.getList', { id: 'ann' });
  await call('User.Tag.set', { id: 'ann', tags: ['bj', '男'] });
  await call('User.Tag.remove', { id: 'ann' });
  await call('User.Tag.batchSet', { users: ids('ben', 'cat'), tags: ['sh'] });
  await call('User.Tag.batchRemove', { users: ids('cat') });
  await call('User.Tag.getList', ids('ann', 'ben', 'cat'));

  await call('Group.create', { id: 'g1', name: 'First', members: ids('ann', 'ben') });
  await call('Group.join', { id: 'g1', name: 'First', member: { id: 'cat' } });
  await call('Group.sync', { id: 'dan', groups: [{ id: 'g1', name: 'First' }, { id: 'g2', name: 'Second' }] });
  await call('Group.quit', { id: 'g1', member: { id: 'dan' } });
  await call('Group.update', { id: 'g1', name: '群名' });
  await call('Group.get', { id: 'g1' });
  await call('Group.create', { id: 'g3', name: 'Third', members: ids('ann') }, 'third');
  await call('Group.dismiss', { id: 'g3', member: { id: 'ann' } });
  for (const gag of ['Group.Gag', 'Group.Mute.Member']) {
    await call(`${gag}.add`, { id: 'g1', members: ids('ben', 'cat'), minute: 10 });
    await call(`${gag}.remove`, { id: 'g1', members: ids('cat') });
    await call(`${gag}.getList`, { id: 'g1' });
  }
  await call('Group.Mute.Whitelist.add', { id: 'g1', members: ids('ann', 'ben') });
  await call('Group.Mute.All.add', { groups: ids('g1', 'g2') });
  await call('Group.Mute.Whitelist.remove', { id: 'g1', members: ids('ben') });
  await call('Group.Mute.Whitelist.getList', { id: 'g1' });
  await call('Group.Mute.All.remove', { groups: ids('g2') });
  await call('Group.Mute.All.getList');

  await call('Chatroom.create', [{ id: '10001', name: 'name1' }, { id: '10002', name: 'name2' }]);
  await call('Chatroom.get', { id: '10001', count: 10, order: 1 });
  await call('Chatroom.isExist', { id: '10001', members: ids('ann', 'ben') });
  await call('Chatroom.destroy', { id: '10002' });
  await call('Chatroom.create', { id: '10003', name: 'name3' }, 'third room');
  await call('Chatroom.destory', { id: '10003' });
  for (const one of ['Block', 'Gag', 'Ban']) {
    await call(`Chatroom.${one}.add`, { id: '10001', members: ids('ann', 'ben'), minute: 5 });
    await call(`Chatroom.${one}.remove`, { id: '10001', members: ids('ben') });
    await call(`Chatroom.${one}.getList`, { id: '10001' });
  }
  await call('Chatroom.Whitelist.User.add', { id: '10001', members: ids('ann', 'ben') });
  await call('Chatroom.Whitelist.User.remove', { id: '10001', members: ids('ben') });
  await call('Chatroom.Whitelist.User.getList', { id: '10001' });
  for (const one of ['Chatroom.Whitelist.Message', 'Chatroom.Demotion']) {
    await call(`${one}.add`, { msgs: ['RC:VcMsg', 'RC:ImgMsg'] });
    await call(`${one}.remove`, { msgs: ['RC:ImgMsg'] });
    await call(`${one}.getList`);
  }
  await call('Chatroom.Distribute.stop', { id: '10001' });
  await call('Chatroom.Distribute.resume', { id: '10001' });
  await call('Chatroom.KeepAlive.add', { id: '10001' });
  await call('Chatroom.KeepAlive.getList');
  await call('Chatroom.KeepAlive.remove', { id: '10001' });

  let sent = await call('Message.Private.send', message('ben', { pushContent: 'push', pushData: 'data' }));
  await call('Message.Private.recall', message('ben', { uId: uid(sent), sentTime: 1 }));
  await call('Message.Private.sendTemplate', template('ann', 'ben'));
  sent = await call('Message.Group.send', message('g1'));
  await call('Message.Group.recall', message('g1', { uId: uid(sent), sentTime: 1 }));
  const mentioned = { content: '@ben', mentionedInfo: { type: 2, userIds: ['ben'], pushContent: 'you' } };
  await call('Message.Group.sendMention', message('g1', { content: mentioned }));
  sent = await call('Message.Discussion.send', message('g1'));
  await call('Message.Discussion.recall', message('g1', { uId: uid(sent), sentTime: 1 }));
  await call('Message.Chatroom.send', message('10001', { senderId: 'cat' }));
  await call('Message.Chatroom.broadcast', { senderId: 'cat', objectName: 'RC:TxtMsg', content: { content: 'all' } });
  await call('Message.System.send', message('dan'));
  await call('Message.System.sendTemplate', template('ben', 'dan'));
  await call('Message.System.broadcast', { senderId: 'ann', objectName: 'RC:TxtMsg', content: { content: 'to all' } });
  await call('Message.History.get', { date: '2019010101' });
  await call('Message.History.remove', { date: '2019010101' });
  await call('Sensitive.add', { keyword: '我们', replace: '你们' });
  await call('Sensitive.getList', { type: 0 });
  await call('Sensitive.remove', { keywords: ['我们', 'none'] });
  await call('Conversation.mute', { type: 'PRIVATE', userId: 'ann', targetId: 'ben' });
  await call('Conversation.unmute', { type: 'PRIVATE', userId: 'ann', targetId: 'ben' });
  const audience = { tag: ['sh'], is_to_all: false };
  const push = { platform: ['ios', 'android'], notification: { alert: 'alert' } };
  await call('Push.message', {
    ...push,
    fromUserId: 'ann',
    audience,
    message: { content: JSON.stringify({ content: 'tagged' }), objectName: 'RC:TxtMsg' },
  });
  await call('Push.push', { ...push, audience: { userid: ['ann'], is_to_all: false } });
  console.log(JSON.stringify({ answers, called: [...called], methods: methods(sdk, '') }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

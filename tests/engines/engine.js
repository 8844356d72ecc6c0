// An engine made with npm's leanengine, unmodified. It does the same as python_engine.py.
'use strict'

const fs = require('fs')
const http = require('http')
const AV = require('leanengine')

AV.init({
  appId: process.env.LEANCLOUD_APP_ID,
  appKey: process.env.LEANCLOUD_APP_KEY,
  masterKey: process.env.LEANCLOUD_APP_MASTER_KEY,
  hookKey: process.env.LEANCLOUD_APP_HOOK_KEY,
  serverURL: 'http://127.0.0.1:1', // nothing is asked of it
})

function note(hook, params) {
  fs.appendFileSync(process.env.CALLS, JSON.stringify([hook, params]) + '\n')
}

const no = { drop: true, reject: true, code: 9890, detail: 'not here' }

AV.Cloud.onIMMessageReceived(({ params }) => {
  note('_messageReceived', params)
  if (params.content.includes('crash')) throw new Error('a fault of the app')
  if (params.content.includes('bad')) return { drop: true, code: 120001, detail: 'mind your words' }
  if (params.content.includes('only bob')) return { toPeers: ['bob'] }
  if (params.content.includes('damn')) return { content: params.content.replace('damn', '***') }
  return params.content.includes('nothing') ? undefined : {}
})

AV.Cloud.onIMMessageUpdate(({ params }) => {
  note('_messageUpdate', params)
  if (params.recall) return { drop: true, detail: 'said is said' }
  return { content: params.content.replace('damn', '***') }
})

AV.Cloud.onIMConversationStart(({ params }) => {
  note('_conversationStart', params)
  return params.attr.name === 'forbidden' ? no : {}
})

AV.Cloud.onIMConversationAdd(({ params }) => {
  note('_conversationAdd', params)
  return params.members.includes('mallory') ? no : {}
})

AV.Cloud.onIMConversationRemove(({ params }) => {
  note('_conversationRemove', params)
  return params.members.includes('bob') ? no : {}
})

AV.Cloud.onIMConversationUpdate(({ params }) => {
  note('_conversationUpdate', params)
  if (params.attr.name === 'damn') return { attr: { ...params.attr, name: '***', checked: true } }
  return params.attr.name === 'forbidden' ? no : {}
})

AV.Cloud.onIMClientSign(({ params }) => {
  note('_rtmClientSign', params)
  return params.objectId === 'eve' ? { result: false, error: 'banned' } : { result: true }
})

AV.Cloud.onIMReceiversOffline(({ params }) => {
  note('_receiversOffline', params)
  return { offlinePeers: ['carol'], pushMessage: JSON.stringify({ alert: 'news', badge: 'Increment' }), force: true }
})

AV.Cloud.onIMMessageSent(({ params }) => note('_messageSent', params))
AV.Cloud.onIMConversationStarted(({ params }) => note('_conversationStarted', params))
AV.Cloud.onIMConversationAdded(({ params }) => note('_conversationAdded', params))
AV.Cloud.onIMClientOnline(({ params }) => note('_clientOnline', params))
AV.Cloud.onIMClientOffline(({ params }) => note('_clientOffline', params))

const server = http.createServer(AV.express()).listen(0, '127.0.0.1', () => console.log(server.address().port))

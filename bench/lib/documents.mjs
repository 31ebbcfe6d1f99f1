// Conversation documents as the platform's history has them: 20 messages, two
// agents with a transfer, an order in every other one.

// A page of records, the same for the same number.
export function page(number, records) {
	let seed = 4711 + number;
	const random = () => {				// mulberry32
		seed = (seed + 0x6d2b79f5) | 0;
		let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
	const pick = (count) => Math.floor(random() * count);
	const conversationHistoryRecords = Array.from({ length: records }, (_, n) => record(number * records + n, random, pick));
	return JSON.stringify({ _metadata: { count: records }, conversationHistoryRecords });
}

function record(no, random, pick) {
	const start = Date.UTC(2025, 0, 1) + pick(90 * 86400) * 1000;
	const [first, second, skill] = [pick(500), pick(500), pick(40)];
	const consumer = `consumer-${pick(1e6)}`;
	const dialogId = `conversation-${no}`;
	const joined = (agent, timeL) => ({ agentId: `agent-${agent}`, agentNickname: `Agent ${agent}`, agentFullName: `Agent ${agent} Full`,
		agentLoginName: `agent${agent}@example.com`, userType: '1', userTypeName: 'Human', role: 'Agent', agentGroupId: agent % 10,
		agentGroupName: `Group ${agent % 10}`, timeL, permission: 'ASSIGNED_AGENT', dialogId });
	const messages = Array.from({ length: 20 }, (_, seq) => {
		const agent = random() < 0.5;
		return { type: 'TEXT_PLAIN', messageData: { msg: { text: `Message ${seq} of conversation ${no}, about as long as people write.` } },
			messageId: `ms::dialog:${dialogId}::msg:${seq}`, audience: 'ALL', seq, dialogId, participantId: agent ? `agent-${seq < 10 ? first : second}` : consumer,
			source: 'WEB', timeL: start + 20000 + seq * 50000, device: 'DESKTOP', sentBy: agent ? 'Agent' : 'Consumer' };
	});
	const events = no % 2 ? [] : [{ sdeType: 'PURCHASE', serverTimeStamp: start + 2000000,
		purchase: { serverTimeStamp: start + 2000000, originalTimeStamp: start + 2000000, total: 10 + pick(1000), currency: 'USD', orderId: `order-${no}` } }];
	return {
		info: { conversationId: dialogId, brandId: 'brand', status: 'CLOSE', startTimeL: start, endTimeL: start + 1800000, duration: 1800000,
			closeReason: 'AGENT', latestSkillId: skill, latestSkillName: `Skill ${skill}`, source: 'WEB', visitorId: `visitor-${no}` },
		campaign: { campaignId: '1', campaignName: 'Campaign', campaignEngagementId: '2', campaignEngagementName: 'Engagement' },
		consumerParticipants: [{ participantId: consumer, firstName: 'A', lastName: 'Person', timeL: start }],
		agentParticipants: [joined(first, start + 10000), joined(second, start + 520000)],
		transfers: [{ timeL: start + 510000, reason: 'Skill', by: `agent-${first}`, sourceAgentId: `agent-${first}`, sourceSkillId: skill,
			sourceSkillName: `Skill ${skill}`, targetSkillId: (skill + 1) % 40, targetSkillName: `Skill ${(skill + 1) % 40}`, dialogId }],
		messageRecords: messages,
		dialogs: [{ dialogId, dialogType: 'MAIN', startTimeL: start, endTimeL: start + 1800000, skillId: skill, skillName: `Skill ${skill}`, status: 'CLOSE' }],
		sdes: { events },
	};
}
